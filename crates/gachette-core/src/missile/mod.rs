//! The recipe of a build: from YAML text to a plan of packages.
