//! Pages that passrig writes run and load nothing, whatever stands in them.

use crate::support::{FEW, check, run, serve};

/// The policy of a page, and the number of places that say one.
fn policy(page: &str) -> (String, usize) {
    let lower = page.to_ascii_lowercase();
    let marker = "<meta http-equiv=\"content-security-policy\" content=\"";
    let parts: Vec<&str> = lower.split(marker).collect();
    let policy = parts[1].trim_start().split('"').next().unwrap();
    (policy.to_owned(), parts.len() - 1)
}

/// Nothing before the policy is ruled by it.
fn is_first(page: &str) -> bool {
    let before = page.to_ascii_lowercase();
    let before = before.split("content-security-policy").next().unwrap();
    !["<script", "<style", "<link", "<img", "<title"].iter().any(|tag| before.contains(tag))
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn the_report_runs_only_its_own_script() {
    let url = serve(|_, _| None).await;
    let page = check(&url, FEW).await.file("report.html");
    let (policy, count) = policy(&page);
    assert_eq!(count, 1);
    assert!(is_first(&page), "{page}");
    let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
    for fixed in ["default-src 'none'", "base-uri 'none'", "form-action 'none'"] {
        assert!(directives.contains(&fixed), "{policy}");
    }
    for kind in ["style-src", "script-src"] {
        let sources = directives.iter().find_map(|directive| directive.strip_prefix(kind)).unwrap();
        assert!(sources.trim().starts_with("'sha256-") && sources.split_whitespace().count() == 1);
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_runs_no_script() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), "simulate cross-domain --html story.html").await;
    let page = ran.file("story.html");
    let (policy, count) = policy(&page);
    assert_eq!(count, 1);
    assert!(is_first(&page), "{page}");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("script-src") && !policy.contains('*'), "{policy}");
}
