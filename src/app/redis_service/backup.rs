//! This file copies a server's data into one file.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::place::{Place, doing};
use crate::app::error::{AppError, Kind};
use crate::core::store::connect::Link;

/// Takes a snapshot of our server and copies it; returns its size in bytes. The file is for this user alone, whole or not
/// there, and never replaces another unless `force`.
///
/// # Errors
/// When the server is not ours, the file exists, or the snapshot or copy fails.
pub async fn back_up(place: &Place, link: &mut Link, file: &Path, force: bool) -> Result<u64, AppError> {
    super::must_be_ours(place, link).await?;
    if !force && file.exists() {
        let message = format!("{} exists", file.display());
        return Err(AppError::new(Kind::Conflict, message).with_hint("name another file, or add --force"));
    }
    link.save_snapshot().await?;
    let (folder, name) = link.snapshot_place().await?;
    let snapshot = Path::new(&folder).join(name);
    let temporary = file.with_extension(format!("{}.new", std::process::id()));
    let copied = copy_private(&snapshot, &temporary).and_then(|size| fs::rename(&temporary, file).map(|()| size));
    copied.map_err(|error| {
        // It may not even exist.
        fs::remove_file(&temporary).ok();
        doing("writing", file, &error)
    })
}

fn copy_private(from: &Path, to: &Path) -> io::Result<u64> {
    let mut source = fs::File::open(from)?;
    let mut target = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let size = io::copy(&mut source, &mut target)?;
    target.sync_all()?;
    Ok(size)
}
