//! The folder that passrig keeps for itself.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::FileMode;
use super::file::new_file;
use super::read::{Limit, read_regular};

/// Keeps everything in the folder out of the user's repository.
const IGNORE: &str = "*\n";

/// Makes a folder that only its owner can look into, unless it is there.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)?;
    let ignore = folder.join(".gitignore");
    match new_file(&ignore, FileMode::Private) {
        Ok(mut file) => file.write_all(IGNORE.as_bytes())?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    #[cfg(unix)]
    tighten(folder, &ignore);
    Ok(())
}

/// Closes a folder that an older version made readable by all users. A folder of another user, or
/// with another `.gitignore`, stays as it is.
#[cfg(unix)]
fn tighten(folder: &Path, ignore: &Path) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let Ok(there) = fs::symlink_metadata(folder) else { return };
    let is_own = there.is_dir() && there.uid() == rustix::process::geteuid().as_raw();
    let is_open = there.mode() & 0o077 != 0;
    if is_own
        && is_open
        && read_regular(ignore, Limit::SETTINGS).is_ok_and(|text| text == IGNORE.as_bytes())
    {
        // A file system without modes does not keep the run from being logged.
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
}
