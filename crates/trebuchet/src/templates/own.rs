//! The templates that come with trebuchet, which recipes' templates extend.

/// Name and text of each.
const OWN: [(&str, &str); 5] = [
    ("base_shell.sh", include_str!("own/base_shell.sh")),
    ("upstart/base-service.conf", include_str!("own/upstart/base-service.conf")),
    ("upstart/controller.conf", include_str!("own/upstart/controller.conf")),
    ("systemd/base-service.service", include_str!("own/systemd/base-service.service")),
    ("systemd/controller.target", include_str!("own/systemd/controller.target")),
];

/// The text of one of trebuchet's own templates.
pub(super) fn source(name: &str) -> Option<&'static str> {
    OWN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    OWN.iter().map(|(name, _)| *name)
}
