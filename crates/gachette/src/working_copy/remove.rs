//! Removes working copies.

use trebuchet::process::Cancel;

use super::lock::Lock;
use super::{Event, WorkingCopy, WorkingCopyError};

impl WorkingCopy {
    /// Removes it, and says whether it was there.
    ///
    /// # Errors
    /// When somebody else's files are in its place, something cannot be removed, or it is cancelled while it waits.
    pub fn remove(&self, cancel: &Cancel, on_event: &mut dyn FnMut(Event)) -> Result<bool, WorkingCopyError> {
        let place = self.place()?;
        let lock = place.lock(&self.removal(), cancel, on_event)?;
        match place.is_foreign()? {
            true => Err(WorkingCopyError::Foreign { path: place.path }),
            false => place.take_away(lock),
        }
    }

    /// Removes it, if it was prepared here and nobody is at work in it, and says whether it was there. What a killed removal left
    /// of it goes too.
    ///
    /// # Errors
    /// When somebody is at work in it, the folder cannot be trusted, or something cannot be removed.
    pub fn remove_if_free(&self) -> Result<bool, WorkingCopyError> {
        // Where nothing is, nothing is made.
        if !self.base.is_dir() {
            return Ok(false);
        }
        let place = self.place()?;
        let Some(lock) = place.lock_if_free(&self.removal())? else {
            let holder = Lock::last_holder(&place.aside).0.map(Box::new);
            return Err(WorkingCopyError::InUse { name: self.name.clone(), holder });
        };
        if place.is_foreign()? {
            place.forget(lock)?;
            return Ok(false);
        }
        place.take_away(lock)
    }

    fn removal(&self) -> String {
        format!("remove {}", self.name)
    }
}
