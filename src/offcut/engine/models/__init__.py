"""Networks: what they are (`catalog`), where their weights come from (`weights`), what runs them."""
