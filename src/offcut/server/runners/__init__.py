"""Where the engine runs: in this process, behind a bounded queue that is fair between teams."""
