//! The folder of an export. A new one appears as a whole; in an earlier one each file is replaced,
//! and only files that were written by an export are ever removed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ExportFile;
use crate::cli::failure::Failure;
use crate::storage::{self, FileMode, Limit};

/// The file that says that a folder is an export, and which of its files were written.
const MARK: &str = "passrig-trust.json";

#[derive(Serialize, Deserialize)]
struct Mark {
    made_by: String,
    version: u32,
    seed: Option<String>,
    /// The files by their path, and their SHA-256. An older version listed none.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

pub(super) fn mark(seed: Option<&str>, files: &[ExportFile]) -> ExportFile {
    let mark = Mark {
        made_by: "passrig trust export".to_owned(),
        version: 1,
        seed: seed.map(str::to_owned),
        files: files.iter().map(|file| (file.path.clone(), digest(&file.content))).collect(),
    };
    let text = serde_json::to_string_pretty(&mark).unwrap_or_default();
    ExportFile::new(MARK, format!("{text}\n"))
}

/// Writes these files into a folder that is new, empty, or an earlier export; any other one is
/// left alone.
pub(super) fn replace(dir: &Path, files: &[ExportFile]) -> Result<(), Failure> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |source| Failure::write(file, source)
    };
    // A name such as `.` has no sibling, but the folder behind the name does.
    let dir = match dir.file_name() {
        Some(_) => dir.to_owned(),
        None => fs::canonicalize(dir).map_err(failed(dir))?,
    };
    let dir = dir.as_path();
    match content_of(dir).map_err(failed(dir))? {
        FolderContent::Nothing => place(dir, files).map_err(failed(dir)),
        FolderContent::Empty => {
            fs::remove_dir(dir).and_then(|()| place(dir, files)).map_err(failed(dir))
        }
        FolderContent::Export(mark) => renew(dir, files, &mark),
        FolderContent::Other => Err(Failure::usage(
            format!("{} holds something else", dir.display()),
            "name a folder that is empty, new, or an earlier export",
        )),
    }
}

enum FolderContent {
    Nothing,
    Empty,
    Export(Mark),
    Other,
}

fn content_of(dir: &Path) -> io::Result<FolderContent> {
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FolderContent::Nothing),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Ok(FolderContent::Other);
        }
        Err(error) => return Err(error),
    };
    if entries.next().is_none() {
        // A link to an empty folder is not replaced by a folder.
        let is_link = fs::symlink_metadata(dir)?.is_symlink();
        return Ok(if is_link { FolderContent::Other } else { FolderContent::Empty });
    }
    let text = storage::read_regular(&dir.join(MARK), Limit::EXPORT).unwrap_or_default();
    Ok(serde_json::from_slice(&text).map_or(FolderContent::Other, FolderContent::Export))
}

/// Puts a whole new folder in its place.
fn place(dir: &Path, files: &[ExportFile]) -> io::Result<()> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let draft = tempfile::Builder::new().prefix(".passrig-").suffix(".tmp").tempdir_in(parent)?;
    // One level deeper: the draft itself is its owner's alone.
    let whole = draft.path().join("whole");
    fs::create_dir(&whole)?;
    for file in files {
        write(&whole, file)?;
    }
    fs::rename(whole, dir)
}

fn renew(dir: &Path, files: &[ExportFile], earlier: &Mark) -> Result<(), Failure> {
    let is_taken = |file: &&ExportFile| {
        let is_ours = file.path == MARK || earlier.files.contains_key(&file.path);
        !is_ours && is_other(&dir.join(&file.path), &file.content)
    };
    // An older version listed no files; its names were those of today.
    if let Some(file) = files.iter().find(is_taken).filter(|_| !earlier.files.is_empty()) {
        return Err(Failure::usage(
            format!("{} is not a file of the earlier export", dir.join(&file.path).display()),
            "move it, or name another folder",
        ));
    }
    for (path, digest) in &earlier.files {
        if files.iter().all(|file| file.path != *path) {
            remove(dir, path, digest);
        }
    }
    files.iter().try_for_each(|file| {
        let path = dir.join(&file.path);
        write(dir, file).map_err(|source| Failure::write(path, source))
    })
}

/// Tells whether the path has another content than this one.
fn is_other(path: &Path, content: &[u8]) -> bool {
    match storage::read_regular(path, Limit::EXPORT) {
        Ok(there) => there != content,
        Err(error) => !error.is_not_found(),
    }
}

fn write(dir: &Path, file: &ExportFile) -> io::Result<()> {
    let path = dir.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    storage::write(&path, &file.content, FileMode::Shared)
}

/// Removes a file that an export wrote, unless it has changed since or its path leads elsewhere.
fn remove(dir: &Path, path: &str, written: &str) {
    let inside = Path::new(path);
    if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
        return;
    }
    let mut file = PathBuf::from(dir);
    for part in inside {
        file.push(part);
        if !fs::symlink_metadata(&file).is_ok_and(|there| !there.is_symlink()) {
            return;
        }
    }
    if storage::read_regular(&file, Limit::EXPORT).is_ok_and(|content| digest(&content) == written)
        && fs::remove_file(&file).is_ok()
        && let Some(parent) = file.parent().filter(|parent| *parent != dir)
    {
        // Only if it is empty now.
        let _ = fs::remove_dir(parent);
    }
}

fn digest(content: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(content: &str, names: &[&str]) -> Vec<ExportFile> {
        let mut files: Vec<_> = names.iter().map(|name| ExportFile::new(*name, content)).collect();
        files.push(mark(None, &files));
        files
    }

    fn text(file: &Path) -> String {
        fs::read_to_string(file).unwrap()
    }

    #[test]
    fn a_folder_is_made_as_a_whole() {
        let home = tempfile::tempdir().unwrap();
        let new = home.path().join("deep/trust");
        replace(&new, &files("one", &["roots/a.pem"])).unwrap();
        assert_eq!(text(&new.join("roots/a.pem")), "one");
        let left = fs::read_dir(new.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "a draft is left");

        let empty = home.path().join("empty");
        fs::create_dir(&empty).unwrap();
        replace(&empty, &files("one", &[])).unwrap();
        assert!(empty.join(MARK).exists());
    }

    #[test]
    fn only_files_of_an_export_are_replaced_or_removed() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("trust");
        let at = |path: &str| dir.join(path);
        fs::write(home.path().join("victim"), "one").unwrap();
        let names = ["roots/a.pem", "roots/b.pem", "old/c.crl", "changed.md", "../victim"];
        let mut first = files("one", &names);
        first.retain(|file| file.path != "../victim");
        replace(&dir, &first).unwrap();
        fs::write(at("thesis.txt"), "years of work").unwrap();
        fs::write(at("roots/mine.pem"), "mine").unwrap();
        fs::write(at("changed.md"), "changed by hand").unwrap();

        replace(&dir, &files("two", &["roots/a.pem"])).unwrap();
        assert_eq!(text(&at("roots/a.pem")), "two");
        assert!(!at("roots/b.pem").exists() && !at("old").exists());
        assert_eq!(text(&at("thesis.txt")), "years of work");
        assert_eq!(text(&at("roots/mine.pem")), "mine");
        assert_eq!(text(&at("changed.md")), "changed by hand");
        assert_eq!(text(&home.path().join("victim")), "one");

        let error = replace(&dir, &files("three", &["roots/a.pem", "thesis.txt"])).unwrap_err();
        assert!(error.to_string().contains("thesis.txt"), "{error}");
        assert_eq!(text(&at("thesis.txt")), "years of work");
        assert_eq!(text(&at("roots/a.pem")), "two");
    }

    #[test]
    fn an_older_mark_lists_no_files() {
        let home = tempfile::tempdir().unwrap();
        let old = r#"{ "made_by": "passrig trust export", "version": 1, "seed": null }"#;
        fs::write(home.path().join(MARK), old).unwrap();
        for name in ["README.md", "stray"] {
            fs::write(home.path().join(name), "old").unwrap();
        }
        replace(home.path(), &files("new", &["README.md"])).unwrap();
        assert_eq!(text(&home.path().join("README.md")), "new");
        assert_eq!(text(&home.path().join("stray")), "old");
    }

    #[test]
    fn a_folder_of_others_stays() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("thesis.txt"), "years of work").unwrap();
        for taken in [home.path().to_owned(), home.path().join("thesis.txt")] {
            let error = replace(&taken, &files("one", &[])).unwrap_err();
            assert!(error.to_string().ends_with("holds something else"), "{error}");
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
