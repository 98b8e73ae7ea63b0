//! Stacks: names, revisions, the ledger they form, and the difference between two.
