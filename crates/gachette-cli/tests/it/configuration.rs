//! Where the configuration comes from, and what is said when it is wrong.

use crate::assert_transcript;
use crate::playground::Playground;

#[test]
fn the_configuration_is_shown_with_its_file() {
    let text = "meta_path: repository\nprojects.web.url: ./web\nprojects.web.ref: main\n";
    assert_transcript!(Playground::with_configuration(text).run("config show"));
}

#[test]
fn a_missing_configuration_file_is_an_error() {
    assert_transcript!(Playground::new().run("-c nowhere.yml show_config"));
}

#[test]
fn an_ini_file_is_told_from_yaml() {
    assert_transcript!(Playground::with_configuration("[gachette]\nmeta_path = /srv\n").run("show_config"));
}

#[test]
fn a_value_of_the_wrong_kind_names_file_and_key() {
    assert_transcript!(Playground::with_configuration("port: lots\n").run("show_config"));
}

#[test]
fn unknown_keys_are_warned_about_and_nothing_fails() {
    assert_transcript!(Playground::with_configuration("meta_pth: x\n").run("version"));
}

#[test]
fn set_wins_over_the_file() {
    let playground = Playground::new();
    let config = playground.json("--set meta_path=/elsewhere,projects.web.ref=main config show");
    assert_eq!(config["meta_path"], "/elsewhere");
    assert_eq!(config["projects"]["web"]["ref"], "main");
}

#[test]
fn the_file_in_the_home_is_read_when_there_is_none_here() {
    let playground = Playground::new();
    std::fs::rename(playground.path("gachette.yml"), playground.path("home/.gachetterc")).unwrap();
    let config = playground.json("config show");
    assert_eq!(config["source"], playground.path("home/.gachetterc").to_str().unwrap());
}

#[test]
fn a_setting_that_is_needed_and_missing_is_named() {
    assert_transcript!(Playground::with_configuration("").run("stack list"));
}
