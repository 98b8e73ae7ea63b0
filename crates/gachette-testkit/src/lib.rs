//! For tests only: git repositories, package fixtures, roots for dpkg.
