"""The pages of a signed-in team: its credits, its use of them, plan and packs, orders, notices."""
