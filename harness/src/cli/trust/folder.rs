//! A folder that is there as a whole or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::File;
use crate::cli::failure::Failure;

/// The file that says that a folder is ours to replace.
pub(super) const MARK: &str = "passrig-trust.json";

/// Puts a folder with these files in the place of nothing, of an empty folder,
/// or of an earlier one; anything else is left alone.
pub(super) fn replace(dir: &Path, files: &[File]) -> Result<(), Failure> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |source| Failure::Write { file, source }
    };
    // A name such as `.` has no sibling; what it stands for has.
    let dir = match dir.file_name() {
        Some(_) => dir.to_owned(),
        None => fs::canonicalize(dir).map_err(failed(dir))?,
    };
    let dir = dir.as_path();
    let is_there = is_there(dir).map_err(failed(dir))?;
    if is_there == There::Foreign {
        return Err(Failure::usage(
            format!("{} holds something else", dir.display()),
            "name a folder that is empty, new, or an earlier export",
        ));
    }
    let draft = beside(dir, "new");
    let written = write(&draft, files);
    let placed = written.and_then(|()| place(dir, &draft, is_there));
    if placed.is_err() {
        // The first error is the one to tell; the draft may not even exist.
        let _ = fs::remove_dir_all(&draft);
    }
    placed.map_err(failed(dir))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    Nothing,
    Empty,
    Ours,
    Foreign,
}

fn is_there(dir: &Path) -> io::Result<There> {
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(There::Nothing),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(There::Foreign),
        Err(error) => return Err(error),
    };
    Ok(match entries.next() {
        None => There::Empty,
        Some(_) if dir.join(MARK).is_file() => There::Ours,
        Some(_) => There::Foreign,
    })
}

fn write(draft: &Path, files: &[File]) -> io::Result<()> {
    // What a killed process left.
    if draft.exists() {
        fs::remove_dir_all(draft)?;
    }
    for file in files {
        let path = draft.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, &file.content)?;
    }
    Ok(())
}

fn place(dir: &Path, draft: &Path, is_there: There) -> io::Result<()> {
    if is_there == There::Empty {
        fs::remove_dir(dir)?;
    }
    if is_there != There::Ours {
        return fs::rename(draft, dir);
    }
    let old = beside(dir, "old");
    fs::rename(dir, &old)?;
    if let Err(error) = fs::rename(draft, dir) {
        // Better the earlier export than none.
        let _ = fs::rename(&old, dir);
        return Err(error);
    }
    fs::remove_dir_all(old)
}

fn beside(dir: &Path, suffix: &str) -> PathBuf {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    dir.with_file_name(format!(".{name}.{}.{suffix}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(content: &str) -> Vec<File> {
        vec![File::new(MARK, "{}"), File::new("roots/a.pem", content)]
    }

    #[test]
    fn a_folder_is_made_or_replaced_as_a_whole() {
        let home = tempfile::tempdir().unwrap();
        let new = home.path().join("deep/trust");
        replace(&new, &files("one")).unwrap();
        fs::write(new.join("stray"), "").unwrap();
        replace(&new, &files("two")).unwrap();
        assert_eq!(fs::read_to_string(new.join("roots/a.pem")).unwrap(), "two");
        assert!(!new.join("stray").exists());

        let empty = home.path().join("empty");
        fs::create_dir(&empty).unwrap();
        replace(&empty, &files("one")).unwrap();
        assert!(empty.join(MARK).exists());
        let left = fs::read_dir(new.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "no draft is left");
    }

    #[test]
    fn what_is_not_ours_stays() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("thesis.txt"), "years of work").unwrap();
        for taken in [home.path().to_owned(), home.path().join("thesis.txt")] {
            let error = replace(&taken, &files("one")).unwrap_err();
            assert!(error.to_string().ends_with("holds something else"), "{error}");
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
