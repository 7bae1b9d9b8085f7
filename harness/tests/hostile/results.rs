//! Results: each has a file of its own, and no result is lost with another.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::files::{CHECK, broken, device, fifo, folder, is_wrong, report};
use crate::support::{FEW, FORMATS, answer, check_in, run, serve};

// Before: red. The run ended before its first check.
#[tokio::test]
async fn a_full_disk_under_the_log_loses_no_result() {
    let folder = folder();
    let url = serve(|_, _| None).await;
    let ran = check_in(folder.path(), &url, &format!("{FEW} --log /dev/full")).await;
    ran.exits(2);
    assert!(ran.said().contains("2 pass"), "{}", ran.said());
    for part in ["cannot write /dev/full", "No space left", "free space there"] {
        assert!(ran.said().contains(part), "{part}: {}", ran.said());
    }
    for format in FORMATS {
        assert!(ran.file(&format!("report.{format}")).len() > 100, "{format}");
    }
}

// Before: red. The verdict was lost, and all five reports.
#[tokio::test]
async fn a_disk_that_fills_up_under_the_log_loses_no_result() {
    let folder = folder();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=16k", "none"])
        .arg(&disk)
        .output()
        .is_ok_and(|out| out.status.success());
    if !mounted {
        println!("skipped: only the superuser can mount a small disk");
        return;
    }
    // The exit code is that of the verdict.
    let url = serve(|asked, _| is_wrong(asked).then(broken)).await;
    let more = format!("{FEW} --log disk/log");
    let ran = check_in(folder.path(), &url, &more).await;
    let begun = fs::read_to_string(disk.join("log")).unwrap();
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    ran.exits(1);
    assert!(begun.starts_with("{\"kind\":\"run\"") && !begun.contains("\"kind\":\"end\""));
    assert!(ran.said().contains("cannot write disk/log"), "{}", ran.said());
    for format in FORMATS {
        assert!(ran.file(&format!("report.{format}")).len() > 100, "{format}");
    }
}

// Before: red. The first report that could not be written was the last that was tried.
#[tokio::test]
async fn one_report_that_cannot_be_written_stops_no_other() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    symlink(device(folder.path(), "full", "7"), at("full.json")).unwrap();
    fs::create_dir(at("gone")).unwrap();
    let gone = at("gone");
    let url = serve(move |asked, _| {
        if asked.is_result() {
            let _ = fs::remove_dir_all(&gone);
        }
        None
    })
    .await;
    let reports = "--report json=full.json --report html=gone/r.html --report junit=r.xml";
    let arguments = format!("check --rp {url} --adapter reference {FEW} {reports}");
    let ran = run(folder.path(), &arguments).await;
    ran.exits(2);
    let said = ran.said();
    assert!(String::from_utf8_lossy(&ran.out).contains("2 pass"), "{said}");
    for part in
        ["cannot write full.json", "free space", "cannot write gone/r.html", "make its folder"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(ran.file("r.xml").contains("</testsuites>"));
}

// Before: red. The failed check was hidden behind exit code 2.
#[tokio::test]
async fn the_verdict_counts_more_than_a_report() {
    let folder = folder();
    symlink(device(folder.path(), "full", "7"), folder.path().join("full.json")).unwrap();
    let url = serve(|asked, _| is_wrong(asked).then(broken)).await;
    let reports = "--report json=full.json --report markdown=r.md";
    let arguments = format!("check --rp {url} --adapter reference {FEW} {reports}");
    let ran = run(folder.path(), &arguments).await;
    ran.exits(1);
    assert!(ran.said().contains("cannot write full.json"), "{}", ran.said());
    assert!(ran.file("r.md").contains("error"), "{}", ran.file("r.md"));
}

// Before: red. The log that could not be written hid why the target cannot be tested.
#[tokio::test]
async fn a_target_that_cannot_be_tested_has_all_reports() {
    let folder = folder();
    symlink(device(folder.path(), "full", "7"), folder.path().join("full.json")).unwrap();
    let url = serve(|_, _| Some(answer(500, "text/plain", "no"))).await;
    let reports = "--report json=full.json --report markdown=r.md --log /dev/full";
    let ran =
        run(folder.path(), &format!("check --rp {url} --adapter reference {FEW} {reports}")).await;
    ran.exits(3);
    for part in ["cannot write full.json", "cannot write /dev/full", "500"] {
        assert!(ran.said().contains(part), "{part}: {}", ran.said());
    }
    assert!(!ran.file("r.md").is_empty());
}

// Before: red. The report was lost with the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_gone_or_broken_loses_no_report() {
    for broken in [None, Some(&b"\xff\xfe not a log \xff\n"[..])] {
        let folder = folder();
        let log = folder.path().join("log");
        // The target waits for the disk, which other programs may keep busy for a while.
        let url = serve(move |asked, _| {
            if asked.is_result() {
                let _ = fs::remove_file(&log);
                if let Some(bytes) = broken {
                    let _ = fs::write(&log, bytes);
                }
            }
            None
        })
        .await;
        let ran = check_in(folder.path(), &url, &format!("{FEW} --log log --deadline 60")).await;
        ran.exits(0);
        assert!(ran.file("report.html").contains("</html>"));
    }
}

// Before: red. The page of the story was not tried after the JSON.
#[tokio::test]
async fn a_story_that_cannot_be_written_stops_no_other() {
    let folder = folder();
    let ran = run(folder.path(), "simulate platform-limits --json no/s.json --html s.html").await;
    ran.exits(2);
    assert!(ran.file("s.html").contains("Findings"));
    assert!(ran.said().contains("The end") && ran.said().contains("cannot write no/s.json"));

    let ran = run(folder.path(), "simulate platform-limits --json - --html s.html").await;
    ran.exits(0);
    let story: Value = serde_json::from_slice(&ran.out).unwrap();
    assert_eq!(story["simulation"], "platform-limits");
}

// Before: red. The reports after it were not written.
#[tokio::test]
async fn render_writes_every_report_that_can_be_written() {
    let folder = folder();
    run(folder.path(), &format!("{CHECK} --report json=r.json")).await.exits(0);
    let reports = "--report html=no/r.html --report markdown=r.md --report sarif=-";
    let ran = run(folder.path(), &format!("render r.json {reports}")).await;
    ran.exits(2);
    assert!(ran.said().contains("cannot write no/r.html"), "{}", ran.said());
    assert!(!ran.file("r.md").is_empty());
    let sarif: Value = serde_json::from_slice(&ran.out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
}

// Before: red. A file that is mounted into a container could not be written.
#[tokio::test]
async fn a_report_that_cannot_be_replaced_is_written_in_place() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("sealed")).unwrap();
    fs::write(at("sealed/r.json"), "old").unwrap();
    // A mount point cannot be replaced by another file.
    let mounted = Command::new("mount")
        .args(["--bind", "sealed/r.json", "sealed/r.json"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let ran = run(folder.path(), &format!("{CHECK} --report json=sealed/r.json")).await;
    let text = fs::read_to_string(at("sealed/r.json")).unwrap();
    if mounted {
        assert!(Command::new("umount").arg(at("sealed/r.json")).status().unwrap().success());
    }
    ran.exits(0);
    report(&text);
    assert_eq!(fs::read_dir(at("sealed")).unwrap().count(), 1);
}

/// Fails unless the program refused to run, and named both arguments.
#[track_caller]
fn shares_a_file(ran: &crate::support::Ran, one: &str, other: &str) {
    ran.exits(2);
    // The message is wrapped.
    let said = ran.said().replace('│', "").split_whitespace().collect::<Vec<_>>().join(" ");
    for argument in [one, other] {
        assert!(said.contains(argument), "{argument}: {}", ran.said());
    }
    assert!(!ran.said().contains("1 check: 1 pass"), "{}", ran.said());
}

// Before: red. Only the report that was written last was left.
#[tokio::test]
async fn two_reports_never_share_a_file() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("in")).unwrap();
    fs::write(at("a"), "old").unwrap();
    symlink("a", at("link")).unwrap();
    symlink("new", at("dangling")).unwrap();
    symlink("in", at("folder")).unwrap();
    fifo(&at("pipe"));
    let absolute = at("a").display().to_string();
    for (one, other) in [
        ("a", "a"),
        ("a", "./a"),
        ("a", "in/../a"),
        ("link", "a"),
        ("a", absolute.as_str()),
        ("new", "dangling"),
        ("in/b", "folder/b"),
        ("pipe", "./pipe"),
        ("-", "-"),
        ("-", "/proc/self/fd/1"),
    ] {
        let (first, second) = (format!("--report html={one}"), format!("--report json={other}"));
        let ran = run(folder.path(), &format!("{CHECK} {first} {second}")).await;
        shares_a_file(&ran, &first, &second);
        assert!(!ran.file("a").contains('{'));
        let log = format!("--log {one}");
        let ran = run(folder.path(), &format!("{CHECK} {second} {log}")).await;
        shares_a_file(&ran, &log, &second);
        let (json, html) = (format!("--json {one}"), format!("--html {other}"));
        let ran = run(folder.path(), &format!("simulate platform-limits {json} {html}")).await;
        shares_a_file(&ran, &json, &html);
        let page = format!("page http://localhost:1/ {first} {second}");
        shares_a_file(&run(folder.path(), &page).await, &first, &second);
    }
    assert_eq!(fs::read_to_string(at("a")).unwrap(), "old");
    assert!(!at("new").exists() && !at("in/b").exists() && !at(".passrig").exists());
}

// Before: red. The report or the settings were lost.
#[tokio::test]
async fn input_files_are_not_overwritten() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    run(folder.path(), &format!("{CHECK} --report json=r.json --log log")).await.exits(0);
    let (json, log) = (fs::read(at("r.json")).unwrap(), fs::read(at("log")).unwrap());
    for report in ["--report html=./r.json", "--report html=log"] {
        let ran = run(folder.path(), &format!("render r.json --log log {report}")).await;
        ran.exits(2);
        assert!(ran.said().contains(report), "{}", ran.said());
    }
    assert_eq!((fs::read(at("r.json")).unwrap(), fs::read(at("log")).unwrap()), (json, log));

    fs::write(at("passrig.toml"), "# mine\n").unwrap();
    run(folder.path(), "baseline --only registration.type --log ./passrig.toml").await.exits(2);
    assert_eq!(fs::read_to_string(at("passrig.toml")).unwrap(), "# mine\n");
}

// Before: red. The log of the last product took the place of all others.
#[tokio::test]
async fn each_product_has_a_log_of_its_own() {
    let folder = folder();
    let all = format!("{CHECK} --authenticator all --report json=r.json");
    let ran = run(folder.path(), &format!("{all} --log run.jsonl")).await;
    ran.exits(0);
    let names = |end: &str| {
        let names = ran.files.keys().filter_map(|name| name.strip_suffix(end));
        names.filter_map(|name| name.split_once('.')).map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert!(names(".json").len() > 3 && names(".json") == names(".jsonl"), "{:?}", names(".jsonl"));
    let name = names(".json")[1];
    let ran = run(folder.path(), &format!("{all} --log r.json")).await;
    shares_a_file(&ran, "--report json=r.", "--log r.");
    let log = format!("--log r.{name}.json");
    run(folder.path(), &format!("{CHECK} --report json=r.json {log}")).await.exits(0);
}

/// Older results that are taken for those of this run.
const OLD: &str = "the story of an earlier run";

// Before: red. The results of an earlier run stayed.
#[tokio::test]
async fn a_target_that_cannot_be_tested_leaves_no_older_result() {
    let url = serve(|_, _| Some(answer(500, "text/plain", "no"))).await;
    for rp in [url.as_str(), "http://localhost:1"] {
        let folder = folder();
        for name in ["s.json", "s.html", "r.json"] {
            fs::write(folder.path().join(name), OLD).unwrap();
        }
        let story = "simulate lost-device --json s.json --html s.html";
        let ran = run(folder.path(), &format!("{story} --rp {rp} --adapter reference")).await;
        ran.exits(3);
        let story: Value = serde_json::from_str(&ran.file("s.json")).unwrap();
        assert_eq!(story["simulation"], "lost-device");
        assert!(story["stopped"].as_str().is_some_and(|why| why.len() > 10), "{story}");
        assert!(story["acts"].as_array().unwrap().is_empty());
        assert!(ran.file("s.html").contains("Stopped before the end"));
        let arguments = format!("check --rp {rp} --adapter reference --report json=r.json");
        let ran = run(folder.path(), &arguments).await;
        ran.exits(3);
        assert!(!ran.file("r.json").contains(OLD));
    }
}

// Before: held.
#[tokio::test]
async fn a_report_that_cannot_be_written_is_known_before_the_run() {
    let folder = folder();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for more in ["--report json=no/r.json", "--report json=folder", "--log no/log", "--log folder"]
    {
        let ran = run(folder.path(), &format!("{CHECK} {more}")).await;
        ran.exits(2);
        assert!(ran.said().contains("cannot write"), "{}", ran.said());
        assert!(!ran.said().contains("1 check: 1 pass"), "{}", ran.said());
    }
}
