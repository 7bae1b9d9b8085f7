//! Attacks of a page on `passrig page`: on other hosts, and on its own verdict.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod server;
mod verdicts;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use passrig_tests::browser::available;
use passrig_tests::rps::required;

use server::{HONEST, WAYS, every_way, serve};

/// The program under test. `PASSRIG_BIN` names another build.
fn program() -> PathBuf {
    let other = std::env::var_os("PASSRIG_BIN").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_passrig-tested").into())
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(folder).args(arguments);
    command
}

async fn page(url: &str, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    run(command(folder.path(), &[&["page", url], more].concat())).await
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

const CLICK: [&str; 2] = ["--click", "text=Sign in"];

/// Each way leads there if the place is named, so that the next test can fail.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_leads_to_a_place_that_was_named() {
    if !available() || std::env::var_os("PASSRIG_BIN").is_some() {
        return;
    }
    let served = serve(&every_way()).await;
    let allowed = ["--allow-host", &served.other];
    let ran = page(&served.url, &[&CLICK[..], &allowed].concat()).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let hits = served.hits();
    let missing: Vec<_> = WAYS.iter().filter(|(name, _)| !hits.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} not in {hits:?}");
    assert!(!said(&ran).contains(&format!("blocked: {}", served.other)), "{}", said(&ran));
}

/// `strace` shows every connection and every datagram of passrig, of Chromium and of its services.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_leads_to_a_place_that_was_not_named() {
    if !available() {
        return;
    }
    if Command::new("strace").arg("--version").output().is_err() {
        assert!(!required(), "there is no strace");
        let _ = writeln!(io::stderr(), "skipped: there is no strace");
        return;
    }
    let served = serve(&every_way()).await;
    let folder = tempfile::tempdir().unwrap();
    let calls = "trace=connect,sendto,sendmsg,sendmmsg,accept4";
    let mut command = Command::new("strace");
    command
        .current_dir(folder.path())
        .args(["-f", "-yy", "-o", "trace", "-e", calls])
        .arg(program());
    command.args(["page", &served.url]).args(CLICK);
    let ran = run(command).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    assert_eq!(served.hits(), BTreeSet::new());
    assert!(served.datagrams.recv(&mut [0; 9]).is_err(), "a datagram arrived");

    let trace = fs::read_to_string(folder.path().join("trace")).unwrap();
    // The proxy through which Chromium speaks runs in passrig itself.
    let mut allowed: BTreeSet<&str> = [served.port()].into();
    for line in trace.lines().filter(|line| line.contains("accept4(")) {
        let accepted =
            line.rsplit_once("= ").and_then(|(_, socket)| socket.split_once("TCP:[127.0.0.1:"));
        allowed.extend(accepted.and_then(|(_, rest)| rest.split_once("->")).map(|(port, _)| port));
    }
    let mut connections = 0;
    for line in trace.lines() {
        let is_datagram = line.contains("<UDP");
        // A connect of a datagram socket sends nothing: Chromium asks the kernel for a route that way.
        assert!(!is_datagram || !line.contains("send"), "a datagram was sent: {line}");
        if line.contains(" connect(") && line.contains("sa_family=AF_INET") && !is_datagram {
            connections += 1;
            let port = line.split("htons(").nth(1).and_then(|rest| rest.split_once(')')).unwrap().0;
            assert!(line.contains("inet_addr(\"127.0.0.1\")") && allowed.contains(port), "{line}");
        }
    }
    assert!(connections > 10, "only {connections} connections were seen");

    let said = said(&ran);
    for place in
        [served.other.as_str(), "127.0.0.2:", "0.0.0.0:", "192.0.2.1:80", "named.example:80"]
    {
        assert!(said.contains(&format!("blocked: {place}")), "{place}\n{said}");
    }
    assert!(said.contains(&format!("`--allow-host {}`", served.other)), "{said}");
    // Another name of the other place, which is in the list already.
    assert!(!said.contains("blocked: [::1]"), "{said}");
    assert!(!said.contains("google") && !said.contains("passrig.invalid"), "{said}");
}

/// A page that is elsewhere after all.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_redirects_to_another_place_is_not_opened() {
    if !available() {
        return;
    }
    let served = serve(HONEST).await;
    let url = format!("{}/to?http://{}/", served.url, served.other);
    let ran = page(&url, &[]).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert_eq!(served.hits(), BTreeSet::new());
    let said = said(&ran);
    let other = &served.other;
    for text in [format!("{other} is not an allowed place"), format!("`--allow-host {other}`")] {
        assert!(
            said.replace("\n│ ", " ").replace("\n      ", " ").contains(&text),
            "{text}\n{said}"
        );
    }
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_click_leads_to_no_other_place() {
    if !available() {
        return;
    }
    let served = serve("<a href=http://OTHER/link>Sign in</a>").await;
    let ran = page(&served.url, &CLICK).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert_eq!(served.hits(), BTreeSet::new());
}

/// Another port of the page's own host.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_not_all_of_its_ports() {
    if !available() {
        return;
    }
    let html = format!("<img src=http://localhost:PORT/port>{HONEST}");
    let served = serve(&html).await;
    let ran = page(&served.url, &CLICK).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    assert_eq!(served.hits(), BTreeSet::new());
    let ran = page(&served.url, &[&CLICK[..], &["--allow-host", "localhost"]].concat()).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    assert!(served.hits().contains("port"));
}

/// Names in which terminals find commands.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn notices_are_plain_text() {
    if !available() {
        return;
    }
    let html = format!(
        "<script>for (const host of ['a\\u001b[2Jb', 'x\\u202ey', '%1b]0;t%07', '--flag', 'q`r'])
        {{ const image = new Image(); image.src = `http://${{host}}.example/`; }}</script>{HONEST}"
    );
    let served = serve(&html).await;
    let said = said(&page(&served.url, &CLICK).await);
    assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{said:?}");
}

/// The user learns that a page could use a hole of Chromium.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_sandbox_is_said() {
    if !available() {
        return;
    }
    let served = serve(HONEST).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), &["page", &served.url, CLICK[0], CLICK[1]]);
    command.env("PASSRIG_CHROMIUM_FLAGS", "--no-sandbox");
    let ran = run(command).await;
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("without its sandbox") && said.contains("another user"), "{said}");
}

/// A page that calls without end.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn calls_without_end_are_not_collected() {
    if !available() {
        return;
    }
    let html = "<script>
        const [challenge, mediation] = [new Uint8Array(16), 'conditional'];
        for (let n = 0; n < 1500; n += 1) navigator.credentials.get({ publicKey: { challenge }, mediation }).catch(() => {});
    </script>";
    let served = serve(html).await;
    let ran = page(&served.url, &[]).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert!(said(&ran).contains("expected at most 1000 calls"), "{}", said(&ran));
}

/// Calls that wait for a field, with options that are too long.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn options_without_end_are_not_collected() {
    if !available() {
        return;
    }
    let html = "<script>
        const [challenge, mediation] = [new Uint8Array(300_000), 'conditional'];
        for (let n = 0; n < 50; n += 1) navigator.credentials.get({ publicKey: { challenge }, mediation }).catch(() => {});
    </script>";
    let served = serve(html).await;
    let ran = page(&served.url, &[]).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert!(said(&ran).contains("bytes of options"), "{}", said(&ran));
}

/// Calls that come faster than they can be answered.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_are_not_collected_without_end() {
    if !available() {
        return;
    }
    let html = "<script>
        const challenge = new Uint8Array(700_000);
        for (let n = 0; n < 90; n += 1) navigator.credentials.get({ publicKey: { challenge } }).catch(() => {});
    </script>";
    let served = serve(html).await;
    let ran = page(&served.url, &[]).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert!(said(&ran).contains("bytes of events"), "{}", said(&ran));
}

/// A password and tokens in the URL of the page, of its steps, and of where it leads.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_urls_are_in_no_text() {
    if !available() {
        return;
    }
    const SECRETS: [&str; 8] = [
        "pass-w0rd's",
        "query,t0ken",
        "inner-t0ken",
        "fragment't0ken",
        "step-t0ken",
        "selector-t0ken",
        "led-t0ken",
        "led-c0de-1234",
    ];
    const FORMATS: [&str; 5] = ["html", "json", "junit", "sarif", "markdown"];
    let led = "<script>
        if (!location.search.includes('led')) location = '/?state=led-c0de-1234&token=led-t0ken';
    </script>";
    let asking = "<script>
        navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16) } }).catch(() => {});
    </script>";
    let honest = serve(&format!("{HONEST}{asking}")).await;
    let leading = serve(led).await;
    let silent = serve("").await;
    let goto = format!("step = [{{ goto = '{}/?token=step-t0ken' }}]", honest.url);
    let refused = format!(
        "step = [{{ goto = \"http://a:pass-w0rd's@{}/?token=step-t0ken\" }}]",
        honest.other
    );
    let nowhere = "http://localhost:1".to_owned();
    let selector = "a[href='/?token=selector-t0ken'], #ask";
    let wait = "step = [{ wait = '.never' }]";
    for (url, script, code) in [
        (&honest.url, goto.as_str(), 1),
        (&honest.url, refused.as_str(), 3),
        (&leading.url, wait, 3),
        (&silent.url, "", 3),
        (&nowhere, "", 3),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("steps.toml"), script).unwrap();
        let query =
            "?access_token=query,t0ken&next=%2Fx%3Ftoken%3Dinner-t0ken#id_token=fragment't0ken";
        let url = url.replace("http://", "http://ann:pass-w0rd's@") + "/" + query;
        let mut command = command(folder.path(), &["page", &url, "--script", "steps.toml"]);
        if code == 1 {
            command.args(["--click", selector, "--fail-on", "should"]);
        }
        for format in FORMATS {
            command.arg("--report").arg(format!("{format}=out.{format}"));
        }
        let ran = run(command).await;
        assert_eq!(ran.status.code(), Some(code), "{}", said(&ran));
        // A terminal breaks lines within words, too.
        let mut texts = vec![said(&ran).split_whitespace().filter(|word| *word != "│").collect()];
        for format in FORMATS {
            texts.push(fs::read_to_string(folder.path().join(format!("out.{format}"))).unwrap());
        }
        assert!(texts[1].contains("ann:"), "the report has no URL: {}", texts[1]);
        let again = "passrigpage'http://ann:[masked]@";
        assert!(code != 1 || texts[0].contains(again), "no command to repeat: {}", texts[0]);
        for (text, secret) in texts.iter().flat_map(|text| SECRETS.map(|secret| (text, secret))) {
            let forms =
                [secret.to_owned(), secret.replace('\'', "&#39;"), secret.replace('\'', "&apos;")];
            assert!(!forms.iter().any(|form| text.contains(form)), "{secret}\n{text}");
        }
    }
    // An argument that is not accepted is repeated.
    let ran = page("ftp://ann:pass-w0rd's@localhost/?token=query,t0ken", &[]).await;
    assert_eq!(ran.status.code(), Some(2));
    assert!(!SECRETS.iter().any(|secret| said(&ran).contains(secret)), "{}", said(&ran));
}
