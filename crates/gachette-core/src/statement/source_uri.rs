//! Where a source was fetched from, as SPDX and in-toto spell it.

/// The address of a git repository as a URI: `git+https://…`, `git+ssh://…`, `git+file://…`.
pub fn source_uri(address: &str) -> String {
    if address.contains("://") {
        return format!("git+{address}");
    }
    match address.split_once(':') {
        // As scp(1) has it.
        Some((host, path)) if !host.contains('/') => {
            format!("git+ssh://{host}/{}", path.trim_start_matches('/'))
        }
        _ => format!("git+file://{address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_an_address_becomes_a_uri() {
        for (address, uri) in [
            ("https://git.example.org/web.git", "git+https://git.example.org/web.git"),
            ("git@git.example.org:team/web.git", "git+ssh://git@git.example.org/team/web.git"),
            ("git.example.org:/srv/web.git", "git+ssh://git.example.org/srv/web.git"),
            ("/srv/git/a:b.git", "git+file:///srv/git/a:b.git"),
        ] {
            assert_eq!(source_uri(address), uri);
            assert!(url::Url::parse(&source_uri(address)).is_ok());
        }
    }
}
