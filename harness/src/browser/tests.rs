use super::*;

#[test]
fn errors_have_help() {
    let ended = Error::Ended { stderr: "\n  No usable sandbox!".to_owned() };
    insta::assert_snapshot!(ended, @r"
    the browser ended
      No usable sandbox!
    ");
    assert!(ended.help().unwrap().contains("--no-sandbox"));
    assert!(Error::NotFound.help().unwrap().contains("apt-get install chromium"));
    let absent = Error::Absent {
        what: "text=Sign in".to_owned(),
        url: "http://localhost:8080/".to_owned(),
        after: TIMEOUT,
    };
    insta::assert_snapshot!(absent, @"http://localhost:8080/ does not come to have text=Sign in within 30 s");
}
