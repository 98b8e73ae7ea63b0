//! What the fuzz target for configurations does with its input, and gachette's tests with the corpus and mutations of it.

use std::path::{Component, Path};

use gachette::config::{Config, ConfigError, Mistake};

/// A configuration file: what is taken is checked, and stays the same when it is written and read again.
pub(crate) fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = Path::new("/srv/gachette/gachette.yml");
    let loaded = match Config::parse(text, file) {
        Ok(loaded) => loaded,
        Err(ConfigError::Wrong { mistakes }) => {
            assert!(!mistakes.is_empty());
            return mistakes.iter().for_each(check_mistake);
        }
        Err(error) => panic!("nothing was read from a disk: {error}"),
    };
    let config = loaded.config;
    let paths = [&config.meta_path, &config.debs_path].into_iter().flatten();
    for path in paths.chain([&config.working_copies]).chain(&config.connection.key_filename) {
        assert!(path.is_absolute(), "{} is relative", path.display());
    }
    for (name, project) in &config.projects {
        let parts: Vec<Component> = Path::new(name).components().collect();
        assert!(matches!(parts[..], [Component::Normal(part)] if part == name.as_str()), "{name:?}");
        assert!(!name.starts_with('-'), "{name:?}");
        assert!(project.reference.as_ref().is_none_or(|reference| !reference.as_str().starts_with('-')));
        if let Some(url) = &project.url {
            assert!(!url.as_str().starts_with('-') && !url.as_str().contains(char::is_control), "{url}");
        }
    }
    let written = serde_json::to_string(&config).unwrap_or_default();
    let again: Config = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(serde_json::to_string(&again).unwrap_or_default(), written);
    loaded.warnings.iter().for_each(check_mistake);
}

fn check_mistake(mistake: &Mistake) {
    let message = mistake.to_string();
    assert!(!message.contains(char::is_control), "{message:?} would move the cursor");
    assert!(message.len() < 2_000, "a message of {} bytes", message.len());
}
