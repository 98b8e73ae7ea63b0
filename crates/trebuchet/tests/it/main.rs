//! Trebuchet against the real tools: dpkg, lintian, Python.

mod deb_write;
