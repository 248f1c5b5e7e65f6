//! This file copies a server's data into one file.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::place::{Place, doing};
use crate::app::error::{AppError, Kind};
use crate::core::store::connect::Link;

/// Takes a snapshot of our server and copies it; returns its size in bytes. The file is for this user alone, whole or not
/// there, and never replaces another unless `force`, not even one that comes while the snapshot is taken.
///
/// # Errors
/// When the server is not ours, the file exists, or the snapshot or copy fails.
pub async fn back_up(place: &Place, link: &mut Link, file: &Path, force: bool) -> Result<u64, AppError> {
    super::must_be_ours(place, link).await?;
    if !force && file.symlink_metadata().is_ok() {
        return Err(taken(file));
    }
    link.save_snapshot().await?;
    let (folder, name) = link.snapshot_place().await?;
    let snapshot = Path::new(&folder).join(name);
    let source = File::open(&snapshot).map_err(|error| doing("reading", &snapshot, &error))?;
    let temporary = file.with_extension(format!("{}.new", std::process::id()));
    let target = create_private(&temporary).map_err(|error| doing("writing", &temporary, &error))?;
    let copied = copy(source, target).and_then(|size| give_name(&temporary, file, force).map(|()| size));
    // After a rename it is gone already.
    fs::remove_file(&temporary).ok();
    copied.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(file),
        _ => doing("writing", file, &error),
    })
}

fn taken(file: &Path) -> AppError {
    AppError::new(Kind::Conflict, format!("{} exists", file.display())).with_hint("name another file, or add --force")
}

fn create_private(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn copy(mut source: File, mut target: File) -> io::Result<u64> {
    let size = io::copy(&mut source, &mut target)?;
    target.sync_all()?;
    Ok(size)
}

/// A rename replaces whatever has the name, a link nothing.
fn give_name(temporary: &Path, file: &Path, force: bool) -> io::Result<()> {
    if force {
        return fs::rename(temporary, file);
    }
    match fs::hard_link(temporary, file) {
        // Some file systems know no links: take the name first, then fill it.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            create_private(file)?;
            fs::rename(temporary, file)
        }
        linked => linked,
    }
}
