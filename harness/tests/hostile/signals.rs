//! Signals: the exit code is that of the signal, and no older result stays.
#![cfg(unix)]

use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::processes::{finish, folder, signal, spawn, stopped_story};
use crate::support::{FEW, answer, serve};

// Before: red. The failure of one product hid the signal.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_counts_more_than_a_failure() {
    for (name, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let folder = folder();
        let id = Arc::new(OnceLock::new());
        let (to, place) = (Arc::clone(&id), folder.path().to_owned());
        let is_sent = OnceLock::new();
        let url = serve(move |_, _| {
            // The first product is done: the next one finds a target that no adapter speaks to.
            let is_next = fs::read_dir(&place)
                .unwrap()
                .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("report."));
            is_next.then(|| {
                is_sent.get_or_init(|| {
                    signal(name, *to.wait());
                    // The answer comes after the signal.
                    std::thread::sleep(Duration::from_millis(300));
                });
                answer(404, "text/plain", "")
            })
        })
        .await;
        let arguments =
            format!("check --rp {url} --authenticator all --report json=report.json {FEW}");
        let child = spawn(folder.path(), &arguments);
        id.set(child.id()).unwrap();
        let place = folder.path().to_owned();
        let ran = tokio::task::spawn_blocking(move || finish(child, &place)).await.unwrap();
        assert!(ran.said().contains("no built-in adapter"), "{}", ran.said());
        ran.exits(code);
    }
}

// Before: red. The results of an earlier run stayed.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_is_stopped_before_it_begins_leaves_no_older_one() {
    let folder = folder();
    for name in ["story.json", "story.html"] {
        fs::write(folder.path().join(name), "of an earlier run").unwrap();
    }
    stopped_story(folder.path(), 2).await;
}
