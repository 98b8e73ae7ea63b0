//! Decides whether `uv` can stand in for pip: it does when every option and setting in force means the same to both.
//!
//! uv reads neither pip's configuration files nor `PIP_*` variables. A private index that is set there must not be
//! forgotten silently, since the public one would then be asked for the same names. So all of them are translated, and
//! what has no translation makes us use pip.

/// What uv is to be told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UvSettings {
    /// Arguments of `uv pip install`.
    pub(crate) arguments: Vec<String>,
    /// The file of certificate authorities, which uv takes from `SSL_CERT_FILE`.
    pub(crate) certificates: Option<String>,
}

/// What uv is to be told, or the first option or setting that it does not know.
pub(crate) fn translated(options: &[String], settings: &[(String, String)]) -> Result<UvSettings, String> {
    let mut translated = UvSettings::default();
    for (name, value) in settings {
        setting(name, value, &mut translated)?;
    }
    let mut words = options.iter();
    while let Some(word) = words.next() {
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) if word.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let Some(name) = long_name(name) else { return Err(word.clone()) };
        let value = match attached {
            Some(value) => value,
            None if is_flag(name) => "true".to_owned(),
            None => words.next().cloned().ok_or_else(|| word.clone())?,
        };
        setting(name, &value, &mut translated).map_err(|_| word.clone())?;
    }
    Ok(translated)
}

fn long_name(option: &str) -> Option<&str> {
    match option {
        "-i" => Some("index-url"),
        "-f" => Some("find-links"),
        "-c" => Some("constraint"),
        "-q" => Some("quiet"),
        "-v" => Some("verbose"),
        _ => option.strip_prefix("--"),
    }
}

fn is_flag(name: &str) -> bool {
    matches!(name, "no-index" | "no-deps" | "require-hashes" | "pre" | "quiet" | "verbose" | "no-compile")
        || name.starts_with("disable-")
        || matches!(name, "no-input" | "no-color" | "no-cache-dir" | "prefer-binary")
}

/// One setting by the name of pip's long option.
fn setting(name: &str, value: &str, translated: &mut UvSettings) -> Result<(), String> {
    let arguments = &mut translated.arguments;
    let truth =
        || !matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off" | "f" | "n" | "");
    match name {
        "index-url" | "extra-index-url" | "find-links" | "constraint" | "only-binary" | "no-binary" => {
            for value in value.split_whitespace() {
                arguments.extend([format!("--{name}"), value.to_owned()]);
            }
        }
        "trusted-host" => {
            for value in value.split_whitespace() {
                arguments.extend(["--allow-insecure-host".to_owned(), value.to_owned()]);
            }
        }
        "no-index" | "no-deps" | "require-hashes" if truth() => arguments.push(format!("--{name}")),
        "cert" => translated.certificates = Some(value.to_owned()),
        "pre" if truth() => arguments.extend(["--prerelease".to_owned(), "allow".to_owned()]),
        "no-index" | "no-deps" | "require-hashes" | "pre" => {}
        // These change how pip talks and how it waits, not what it installs.
        "disable-pip-version-check"
        | "no-input"
        | "no-color"
        | "progress-bar"
        | "quiet"
        | "verbose"
        | "timeout"
        | "retries"
        | "cache-dir"
        | "no-cache-dir"
        | "no-compile"
        | "default-timeout"
        | "require-virtualenv"
        | "root-user-action"
        | "break-system-packages" => {}
        _ => return Err(name.to_owned()),
    }
    Ok(())
}

/// The settings that `pip config list` prints: `global.index-url='https://…'`, `:env:.no-index='1'`.
pub(crate) fn pip_settings(listing: &str) -> Vec<(String, String)> {
    listing
        .lines()
        .filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            let (section, name) = key.trim().rsplit_once('.')?;
            // Settings of other commands, such as `download.no-index`, do not count for an installation.
            let counts = matches!(section, "global" | "install" | ":env:");
            let value = value.trim().trim_matches(['\'', '"']).replace("\\n", " ");
            counts.then(|| (name.to_owned(), value))
        })
        .collect()
}

/// The settings that `PIP_*` variables hold: `PIP_INDEX_URL` is `index-url`.
pub(crate) fn settings_of_variables(
    variables: impl Iterator<Item = (String, String)>,
) -> Vec<(String, String)> {
    variables
        .filter_map(|(name, value)| {
            Some((name.strip_prefix("PIP_")?.to_ascii_lowercase().replace('_', "-"), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_that_mean_the_same_are_translated() {
        let told = translated(&words("--no-index -f wheels --trusted-host=h --pre -q"), &[]).unwrap();
        assert_eq!(
            told.arguments,
            words("--no-index --find-links wheels --allow-insecure-host h --prerelease allow")
        );
    }

    #[test]
    fn a_private_index_in_pips_configuration_reaches_uv() {
        let settings = pip_settings(
            "global.index-url='https://pypi.example/simple'\n:env:.find-links='\\na\\nb'\ndownload.pre='1'\nglobal.cert = '/ca.pem'\n",
        );
        let told = translated(&[], &settings).unwrap();
        assert_eq!(told.certificates.as_deref(), Some("/ca.pem"));
        assert_eq!(
            told.arguments,
            words("--index-url https://pypi.example/simple --find-links a --find-links b")
        );
    }

    #[test]
    fn what_uv_does_not_know_is_named() {
        assert_eq!(
            translated(&words("--no-index --config-settings x=y"), &[]).unwrap_err(),
            "--config-settings"
        );
        assert_eq!(translated(&[], &[("proxy".to_owned(), "h".to_owned())]).unwrap_err(), "proxy");
        assert_eq!(translated(&words("package"), &[]).unwrap_err(), "package");
    }
}
