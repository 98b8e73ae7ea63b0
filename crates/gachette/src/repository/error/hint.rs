//! What to do about what went wrong with a repository.

use std::io::{self, ErrorKind};

use gachette_core::base::BaseRef;
use gachette_core::channel::ChannelRefusal;
use gachette_core::stack::{Deletion, Refusal, StackName};

use super::super::key;
use super::{RepositoryError, is_in_the_way};

impl RepositoryError {
    /// What to do about it, in a sentence for people.
    pub fn hint(&self) -> Option<String> {
        let hint = self.hint_without_force()?;
        Some(match self {
            Self::Channel(ChannelRefusal::Unpassed(_)) => {
                format!("{hint}; `--force REASON` moves the channel all the same")
            }
            _ => hint,
        })
    }

    /// The same but for forcing it.
    pub(crate) fn hint_without_force(&self) -> Option<String> {
        Some(match self {
            Self::Refused(refusal) => refusal_hint(refusal),
            Self::Signing(error) => error.hint()?,
            Self::MissingChannel { channel } | Self::ShowsNothing { channel } => {
                format!("a first `gachette promote STACK --to {}` makes it", channel.name())
            }
            Self::NothingCalled { near, .. } => nothing_called_hint(near.as_ref()),
            Self::MissingBase { base } => base_hint(base),
            Self::Channel(refusal) => channel_hint(refusal)?,
            Self::InChannel { channel, .. } => {
                format!("move the channel on with `gachette promote STACK --to {channel}` until neither this nor the step before needs it")
            }
            Self::MissingRevision { stack, .. } => format!("see `gachette stack log {stack}`"),
            Self::MissingPackage { name, .. } => format!("see `gachette package list {name}`"),
            Self::MissingFile { .. } => {
                "build it, put the file there, or bring it back with `gachette repository import FOLDER`".to_owned()
            }
            Self::LostFile { .. } => {
                "bring it back with `gachette repository import FOLDER`, or build it again; \
                 `gachette repository fsck` says what else is lost"
                    .to_owned()
            }
            Self::NoBuildinfo { .. } => "bring it before the packages that name it".to_owned(),
            Self::Conflict(conflict) => conflict.hint().to_owned(),
            Self::Unregistered { .. } => {
                "if another import or build is just bringing it, try again when that has ended; else move it away, or make it known \
                 with `gachette stack add STACK FILE` if it is the right one"
                    .to_owned()
            }
            Self::Collected { .. } => "build them again, or begin with a stack that was not deleted".to_owned(),
            Self::Busy { path, .. } => {
                format!(
                    "see which with `fuser -v {}`: one that was stopped must go on or end",
                    path.display()
                )
            }
            Self::NotThere { path } => format!("make one with `gachette repository init {}`", path.display()),
            Self::Damaged { key, .. } => damaged_hint(key),
            Self::Newer { .. } => "use the gachette that wrote it, or a newer one".to_owned(),
            Self::NoFolder { .. } => "give another folder as `meta_path`".to_owned(),
            Self::NotVacant { path, .. } => {
                format!(
                    "give a folder as `meta_path` that is empty or not there yet, such as {}",
                    path.join("repository").display()
                )
            }
            Self::Linked { .. } => {
                "take the link away, or put the folder itself in its place; another disk can be mounted there, and \
                 package files may lie elsewhere with `debs_path`"
                    .to_owned()
            }
            Self::Lagging { .. } => {
                "once that is mended, `gachette repository fsck --repair` writes them".to_owned()
            }
            other => io_hint(other.io()?)?.to_owned(),
        })
    }
}

/// What helps where a package record is damaged: while it lies there, nothing can take its place.
pub(crate) const DAMAGED_RECORD: &str = "bring the file back from a backup; or move it away and bring the package again with \
     `gachette repository import FOLDER`, or build it again";

fn damaged_hint(key: &str) -> String {
    let all = "see what else is with `gachette repository fsck`";
    match key {
        key::IDENTITY => "bring the file back from a backup; or move it away and run `gachette repository init`, which makes \
             another and keeps all stacks and packages"
            .to_owned(),
        key if key::is_record(key) => format!("{DAMAGED_RECORD}; {all}"),
        _ => all.to_owned(),
    }
}

/// What to do about an error of the system.
fn io_hint(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::StorageFull => "make room on the disk, and run the same command again",
        ErrorKind::PermissionDenied => {
            "run as the user whom the repository belongs to, or let this one read and write it"
        }
        _ if is_in_the_way(error) => {
            "something else lies there, or where a folder above it should be; `gachette repository fsck` names it: \
             move it away, and run the same command again"
        }
        _ => return None,
    })
}

/// What to do about a channel that is left as it is, but for forcing it.
fn channel_hint(refusal: &ChannelRefusal) -> Option<String> {
    Some(match refusal {
        ChannelRefusal::Several(several) => {
            several.iter().filter_map(channel_hint).collect::<Vec<_>>().join("; ")
        }
        ChannelRefusal::Open { stack, .. } => {
            format!(
                "seal the stack with `gachette stack seal {stack}`; \
                 of one that is sealed only the last revision is, which its name alone means"
            )
        }
        ChannelRefusal::Held { channel, .. } => {
            format!("when the reason is gone, `gachette promote --to {channel} --release`")
        }
        ChannelRefusal::Unapproved(missing) => {
            let (channel, stack) = (&missing.channel, &missing.stack);
            format!("others agree with `gachette promote {stack} --to {channel} --approve`")
        }
        ChannelRefusal::Unpassed(unpassed) => {
            let (channel, stack) = (&unpassed.channel, &unpassed.stack);
            let names: Vec<&str> = unpassed.lacking.iter().map(|it| it.check.as_str()).collect();
            format!(
                "once passed, note it with `gachette promote {stack} --to {channel} --passed {} -m WHERE`",
                names.join(",")
            )
        }
        ChannelRefusal::NoReason => "say why with `--hold REASON`".to_owned(),
        ChannelRefusal::Moved { .. } => "try it again".to_owned(),
        ChannelRefusal::Foreign { .. } => return None,
    })
}

/// What to do about a stack that is not changed.
fn refusal_hint(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Sealed { stack } => {
            format!("start the next one with `gachette stack create NEW --from {stack}`")
        }
        Refusal::Missing { stack, deleted: Some(Deletion { number, sealed }) } if *number > 1 => {
            let (back, name) = if *sealed {
                ("what it held gets another name", "NEW".to_owned())
            } else {
                ("bring it back", stack.to_string())
            };
            format!(
                "it was deleted by revision {number}; {back} with `gachette stack create {name} --from {}`",
                stack.at(number - 1)
            )
        }
        Refusal::Missing { stack, .. } => {
            format!("make it with `gachette stack create {stack}`, or see `gachette stack list`")
        }
        Refusal::NotACopy { stack, from } => {
            format!("see what differs with `gachette stack diff {from} {stack}`, or choose another name")
        }
        Refusal::Spent { stack, deleted } => format!(
            "what it held gets another name with `gachette stack create NEW --from {}`",
            stack.at(deleted - 1)
        ),
        Refusal::Alias { .. } => "choose another name: they get the stack that was sealed last".to_owned(),
        Refusal::NotInStack { stack, .. } => {
            format!("see what it holds with `gachette stack show {stack}`")
        }
    }
}

/// What to do where a stack or a channel is named, and there is neither. Not to make a stack: no channel could have its name then.
fn nothing_called_hint(near: Option<&StackName>) -> String {
    let near = near.map(|near| format!("did you mean `{near}`? "));
    format!("{}see `gachette stack list` and `gachette channel list`", near.unwrap_or_default())
}

/// What to do where something of a base is missing.
fn base_hint(BaseRef { base, number }: &BaseRef) -> String {
    match number {
        Some(_) => format!("see `gachette base log {base}`"),
        None => format!("take it with `gachette base update {base}`"),
    }
}
