use std::io;
use std::path::{Path, PathBuf};

use super::left::{left, remove};

/// A temporary folder. It is removed with this value.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A folder whose name begins with this.
    pub fn new(prefix: &str) -> io::Result<Self> {
        let path = tempfile::Builder::new().prefix(prefix).tempdir()?.keep();
        left().folders.push(path.clone());
        Ok(Self(path))
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.0);
        left().folders.retain(|folder| *folder != self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_ends_with_its_value() {
        let folder = Folder::new("passrig-test-").unwrap();
        let path = folder.path().to_owned();
        std::fs::write(path.join("file"), "content").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
