#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_file_is_replaced_as_a_whole_and_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    for kept in [0o600, 0o640, 0o644] {
        write(&file, b"old", FileMode::Shared).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(kept)).unwrap();
        for new in [FileMode::Shared, FileMode::Private] {
            write(&file, b"new", new).unwrap();
            assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"new".to_vec(), kept));
        }
    }
    assert_eq!(names(folder.path()), ["report.json"]);
}

#[test]
fn a_new_private_file_is_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passkeys.json");
    write(&file, b"key", FileMode::Private).unwrap();
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_link_stays_and_its_file_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("inner")).unwrap();
    symlink("inner/second", at("first")).unwrap();
    symlink("file", at("inner/second")).unwrap();
    for text in ["made", "replaced"] {
        write(&at("first"), text.as_bytes(), FileMode::Shared).unwrap();
        assert_eq!(fs::read_to_string(at("inner/file")).unwrap(), text);
        assert!(fs::symlink_metadata(at("first")).unwrap().is_symlink());
        assert!(fs::symlink_metadata(at("inner/second")).unwrap().is_symlink());
    }
    symlink("round", at("round")).unwrap();
    assert!(write(&at("round"), b"", FileMode::Shared).is_err());
}

#[test]
fn a_file_that_is_there_is_not_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_new(&at("a"), b"first", FileMode::Shared).unwrap();
    symlink("nowhere", at("link")).unwrap();
    for taken in ["a", "link"] {
        let error = write_new(&at(taken), b"second", FileMode::Shared).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    }
    assert_eq!(fs::read(at("a")).unwrap(), b"first");
    assert!(!at("nowhere").exists());
    assert!(create_private(&at("link")).is_err());
}

#[test]
fn devices_stay_devices() {
    for device in ["/dev/null", "-", "/dev/stdout", "/proc/self/fd/1", "/dev/fd/2"] {
        assert!(is_stream(Path::new(device)), "{device}");
        probe(Path::new(device)).unwrap();
    }
    write(Path::new("/dev/null"), b"nothing", FileMode::Shared).unwrap();
    assert!(is_stream(Path::new("/dev/null")));
    let full = write(Path::new("/dev/full"), b"nothing", FileMode::Shared).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    assert!(!is_stream(Path::new("./-")));
}

#[test]
fn a_folder_is_probed_before() {
    let folder = tempfile::tempdir().unwrap();
    assert!(probe(folder.path()).is_err());
    assert!(probe(&folder.path().join("no/report")).is_err());
    probe(&folder.path().join("report")).unwrap();
    assert!(names(folder.path()).is_empty());
}

/// As `mkfifo` makes it.
fn fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_file_is_read_up_to_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let limit = Limit(1);
    fs::write(&file, vec![b'a'; 1 << 20]).unwrap();
    assert_eq!(read(&file, limit).unwrap().len(), 1 << 20);
    fs::write(&file, vec![b'a'; (1 << 20) + 1]).unwrap();
    for result in [read(&file, limit), read_regular(&file, limit)] {
        let expected =
            format!("invalid file {}: expected at most 1 MiB, found more", file.display());
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
    let endless = Path::new("/dev/zero");
    assert!(matches!(read_text(endless, limit), Err(ReadError::TooLarge { .. })));
    let error = read_regular(endless, limit).unwrap_err().to_string();
    assert_eq!(error, "invalid file /dev/zero: expected a regular file, found a device");
    fs::write(&file, b"\xff").unwrap();
    assert!(matches!(read_text(&file, limit), Err(ReadError::NotText { .. })));
    assert!(read(&folder.path().join("none"), limit).unwrap_err().is_not_found());
}

#[test]
fn a_fifo_that_the_user_did_not_name_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fifo(&at("fifo"));
    symlink("fifo", at("link")).unwrap();
    for (name, found) in [("fifo", "a FIFO"), ("link", "a FIFO"), (".", "a folder")] {
        let error = read_regular(&at(name), Limit(1)).unwrap_err().to_string();
        assert!(error.ends_with(&format!("expected a regular file, found {found}")), "{error}");
    }
    // A FIFO that the user names is read as a file.
    let path = at("fifo");
    let writer = std::thread::spawn(move || fs::write(path, "text").unwrap());
    assert_eq!(read_text(&at("fifo"), Limit(1)).unwrap(), "text");
    writer.join().unwrap();
}

#[test]
fn lines_have_a_limit_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let long = "a".repeat(1 << 20);
    fs::write(&file, format!("{long}\n\nb\n{long}")).unwrap();
    let all: Vec<_> = lines(&file, Limit(1)).unwrap().map(Result::unwrap).collect();
    assert_eq!(all, [long.as_bytes(), b"", b"b", long.as_bytes()]);
    let mut some = lines(&file, Limit(1)).unwrap();
    some.next();
    assert_eq!(some.rest(Limit(2)).unwrap(), format!("\nb\n{long}").as_bytes());
    fs::write(&file, format!("a\n{long}a\n")).unwrap();
    let error = lines(&file, Limit(1)).unwrap().nth(1).unwrap().unwrap_err().to_string();
    assert!(error.starts_with("invalid line 2 of "), "{error}");
}

#[test]
fn paths_that_share_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("inner")).unwrap();
    fs::write(at("there"), "").unwrap();
    fs::hard_link(at("there"), at("twin")).unwrap();
    for (link, to) in [("link", "there"), ("chain", "link"), ("dangling", "new"), ("in", "inner")] {
        symlink(to, at(link)).unwrap();
    }
    for (one, other) in [
        ("there", "there"),
        ("there", "./there"),
        ("there", "inner/../there"),
        ("there", "link"),
        ("link", "chain"),
        ("new", "inner/../new"),
        ("new", "dangling"),
        ("inner/new", "in/new"),
        ("no/new", "no/./new"),
    ] {
        assert!(share_a_place(&at(one), &at(other)), "{one} {other}");
    }
    for (one, other) in [("there", "new"), ("new", "inner/new"), ("there", "twin"), ("in", "in")] {
        assert!(!share_a_place(&at(one), &at(other)), "{one} {other}");
    }
    let share = |one: &str, other: &str| share_a_place(Path::new(one), Path::new(other));
    assert!(share("-", "/dev/stdout") && share("/proc/self/fd/1", "-") && share("a", "./a"));
    assert!(share("/dev/fd/7", "/proc/self/fd/7") && !share("/dev/fd/7", "/dev/fd/8"));
    assert!(!share("-", "/dev/stderr") && !share("/dev/null", "/dev/null") && !share("-", "./-"));
}
