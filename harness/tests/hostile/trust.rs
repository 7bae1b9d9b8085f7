//! Files of the current folder that come from elsewhere, targets that lead to other places, pages
//! that reach the built-in RP by another name, and targets that look for tests.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::Response;
use tempfile::TempDir;

use crate::support::{FEW, Ran, answer, check_in, passrig, run, serve};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A folder with this passrig.toml.
fn found(target: &str) -> TempDir {
    folder(&[("passrig.toml", &format!("[target]\n{target}\n"))])
}

/// The text without the frame and the line breaks of the terminal.
fn flowing(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The run refused a setting of passrig.toml, and told the line and the flag.
#[track_caller]
fn refuses(ran: &Ran, line: usize, flag: &str) {
    let said = flowing(&ran.exits(2).said());
    assert!(said.contains(&format!("passrig.toml:{line}:")), "{said}");
    assert!(said.contains(flag) && said.contains("--config passrig.toml"), "{said}");
}

/// The program with these words, which may contain spaces.
async fn words(folder: &Path, words: &[&str]) -> Ran {
    let mut command = passrig(folder, "");
    command.args(words);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Ran::of(output, folder)
}

/// passrig.toml of the current folder names a program as the RP.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_runs_no_program_as_rp() {
    for verb in ["check", "baseline", "simulate lost-device"] {
        let folder = found("rp = \"exec:touch ran\"");
        let ran = run(folder.path(), verb).await;
        assert!(!folder.path().join("ran").exists(), "{verb}");
        refuses(&ran, 2, "--rp exec:COMMAND");
    }
}

/// passrig.toml of the current folder has a command that restarts the target.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_runs_no_restart_command() {
    let url = serve(|asked, _| asked.is_result().then(|| panic!("dies"))).await;
    for verb in ["check", "baseline", "simulate lost-device"] {
        let folder =
            found(&format!("rp = \"{url}\"\nadapter = \"reference\"\nrestart = \"touch ran\""));
        let ran = run(folder.path(), verb).await;
        assert!(!folder.path().join("ran").exists(), "{verb}");
        refuses(&ran, 4, "--restart COMMAND");
    }
}

const RUNS: &str = "\n[[provision]]\nrun = [\"touch\", \"ran\"]\n";

fn reference(more: &str) -> String {
    format!("{}{more}", include_str!("../../adapters/reference.toml"))
}

/// passrig.toml of the current folder lets its adapter run programs.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_does_not_let_an_adapter_run_programs() {
    let url = serve(|_, _| None).await;
    let config = format!("[target]\nallow_run = true\nrp = \"{url}\"\nadapter = \"mine.toml\"\n");
    let folder = folder(&[("passrig.toml", &config), ("mine.toml", &reference(RUNS))]);
    let ran = run(folder.path(), "check").await;
    assert!(!folder.path().join("ran").exists());
    refuses(&ran, 2, "--allow-run");
}

/// An adapter that passrig.toml of the current folder names has a program step.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn program_steps_need_a_flag() {
    let url = serve(|_, _| None).await;
    let config = format!("[target]\nrp = \"{url}\"\nadapter = \"mine.toml\"\n");
    let folder = folder(&[("passrig.toml", &config), ("mine.toml", &reference(RUNS))]);
    let ran = run(folder.path(), &format!("check {FEW}")).await;
    assert!(flowing(&ran.exits(3).said()).contains("--allow-run"), "{}", ran.said());
    assert!(!folder.path().join("ran").exists());
    run(folder.path(), &format!("check --allow-run {FEW}")).await;
    assert!(folder.path().join("ran").exists());
}

/// passrig.toml of the current folder sends an environment variable to its target.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_sends_no_environment_variable() {
    const SECRET: &str = "Deploy-Key-4711";
    let got = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&got);
    let url = serve(move |asked, _| {
        let text = String::from_utf8_lossy(asked.body);
        seen.fetch_add(usize::from(text.contains(SECRET)), Ordering::SeqCst);
        None
    })
    .await;
    let adapter =
        reference("").replace("displayName = \"{{display_name}}\"", "displayName = \"{{x}}\"");
    let adapter =
        adapter.replace("framing = {", "# framing = {").replace("{{setting.framing?}}", "none");
    let adapter = format!("variables = [\"x\"]\n{adapter}");
    let config = format!(
        "[target]\nrp = \"{url}\"\nadapter = \"mine.toml\"\nvars.x = {{ env = \"DEPLOY_KEY\" }}\n"
    );
    for arguments in ["check", "simulate lost-device"] {
        let folder = folder(&[("passrig.toml", &config), ("mine.toml", &adapter)]);
        let mut command = passrig(folder.path(), arguments);
        command.env("DEPLOY_KEY", SECRET);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let ran = Ran::of(output, folder.path());
        assert_eq!(got.load(Ordering::SeqCst), 0, "{arguments}");
        refuses(&ran, 4, "--var x");
    }
}

/// The same for `passrig page`, whose script fills variables into forms.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_fills_no_environment_variable_into_a_page() {
    let folder = found("rp = \"http://localhost:9\"\nvars.x = { env = \"HOME\" }");
    let mut command = passrig(folder.path(), "page http://localhost:9/login");
    command.env("PASSRIG_CHROMIUM", "/nowhere/chromium");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    refuses(&Ran::of(output, folder.path()), 3, "--var x");
}

/// passrig.toml of the current folder names places outside this machine.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_reaches_no_other_machine() {
    for (line, flag) in [
        ("rp = \"http://192.0.2.1\"", "--rp URL"),
        ("rp = \"http://0.0.0.0:80\"", "--rp URL"),
        ("rp = \"http://rebound.test\"", "--rp URL"),
        ("rp = \"https://a.test\"\nconnect_to = \"b.test:443:127.0.0.1:1\"", "--rp URL"),
        ("connect_to = \"192.0.2.1:80\"\nrp = \"http://localhost:9\"", "--connect-to HOST:PORT"),
        ("connect_to = \"rebound.test:80\"\nrp = \"http://localhost:9\"", "--connect-to HOST:PORT"),
        ("allow_hosts = [\"192.0.2.1\"]\nrp = \"http://localhost:9\"", "--allow-host 192.0.2.1"),
    ] {
        let folder = found(line);
        for verb in ["check --adapter reference", "simulate lost-device --adapter reference"] {
            refuses(&run(folder.path(), verb).await, 2, flag);
        }
    }
}

/// A flag that the user gives for a target of their own does not take hosts from a found file.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn flags_for_one_target_open_no_other() {
    let folder = found("connect_to = \"192.0.2.1:80\"");
    let arguments = "check --rp http://staging.test --allow-host staging.test --adapter reference";
    refuses(&run(folder.path(), arguments).await, 2, "--connect-to HOST:PORT");
}

/// `--config` names the file: everything in it counts, and a flag makes its own setting.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_named_file_counts() {
    let folder = found("rp = \"exec:touch ran\"");
    for arguments in ["check --config passrig.toml", "check --rp exec:touch$IFS./ran"] {
        let ran = run(folder.path(), arguments).await;
        ran.exits(3);
        fs::remove_file(folder.path().join("ran")).unwrap_or_else(|_| panic!("{}", ran.said()));
    }
}

/// A command with characters that mean something in URLs.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn commands_reach_the_shell_byte_for_byte() {
    for argument in
        ["a#b", "a?b", "%41%2e", "tab\there", "two  spaces ", "\"quoted\" \\n", "//x/../y", "é"]
    {
        let command = format!("printf %s '{argument}' > got; cat > /dev/null");
        let rp = format!("exec:{command}");
        let folder = folder(&[]);
        let json = "json=report.json";
        let few = ["check", "--only", "registration.type.nonsense", "--report", json];
        let ran =
            words(folder.path(), &[&few[..], &["--deadline", "1", "--rp", &rp]].concat()).await;
        assert_eq!(ran.exits(3).file("got"), argument);
        let report: serde_json::Value = serde_json::from_str(&ran.file("report.json")).unwrap();
        assert_eq!(report["target"]["url"], rp.as_str());
        let config = format!("[target]\ndeadline = 1\nrp = {}\n", toml_string(&rp));
        fs::write(folder.path().join("named.toml"), config).unwrap();
        fs::remove_file(folder.path().join("got")).unwrap();
        let ran = words(folder.path(), &["check", "--config", "named.toml"]).await;
        assert_eq!(ran.exits(3).file("got"), argument);
    }
}

fn toml_string(text: &str) -> String {
    // A JSON string without control characters above U+001F is a basic string of TOML.
    serde_json::Value::from(text).to_string()
}

/// Several commands, and one with a variable of its own, are commands of the shell too.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn commands_are_those_of_a_shell() {
    let folder = folder(&[]);
    for command in
        ["cd . && echo one > got", "X=two sh -c 'echo $X > got'", "true; echo three > got"]
    {
        let rp = format!("exec:{command}");
        let ran = words(folder.path(), &["check", "--deadline", "1", "--rp", &rp]).await;
        let expected = ["one", "two", "three"].into_iter().find(|word| command.contains(word));
        assert_eq!(ran.file("got").trim(), expected.unwrap(), "{command}");
        fs::remove_file(folder.path().join("got")).unwrap();
    }
}

/// A place of this machine that the user did not name, and how often it was connected to.
struct Other {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Other {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map(Result::unwrap) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            }
        });
        Self { port, connections }
    }

    fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The reference adapter, which follows redirects.
fn following() -> String {
    reference("").replace(
        "request = \"POST /attestation/options\"",
        "request = \"POST /attestation/options\"\nfollow = true",
    )
}

fn redirect(to: &str) -> Response {
    let mut response = answer(302, "text/plain", "");
    response.headers_mut().insert("location", to.parse().unwrap());
    response
}

/// A run of a target whose options are elsewhere, with these flags.
async fn redirected(to: String, flags: &str) -> Ran {
    let url =
        serve(move |asked, _| (asked.path == "/attestation/options").then(|| redirect(&to))).await;
    let folder = folder(&[("mine.toml", &following())]);
    check_in(folder.path(), &url, &format!("--adapter mine.toml {flags} {FEW}")).await
}

/// A redirect to another port of this machine.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_reaches_no_other_port() {
    for host in
        ["localhost", "127.0.0.1", "127.0.0.2", "[::1]", "admin.localhost", "user:pw@localhost"]
    {
        let other = Other::start();
        let ran = redirected(format!("http://{host}:{}/", other.port), "").await;
        let place = format!("{}:{}", host.trim_start_matches("user:pw@"), other.port);
        let said = flowing(&ran.exits(3).said()).replace('\'', "");
        assert!(said.contains(&format!("--allow-host {place}")), "{said}");
        assert_eq!(other.count(), 0, "{host}");
    }
}

/// The flag that the refusal names is enough, and no more than needed.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_named_port_is_reached_and_no_other() {
    for (flag, reaches) in [
        ("localhost:PORT", true),
        ("localhost", true),
        ("127.0.0.1:PORT", true),
        ("localhost:1", false),
        ("other.test:PORT", false),
    ] {
        let other = Other::start();
        let flag = flag.replace("PORT", &other.port.to_string());
        redirected(format!("http://localhost:{}/", other.port), &format!("--allow-host {flag}"))
            .await;
        assert_eq!(other.count() > 0, reaches, "{flag}");
    }
}

/// A redirect to the same place by another of its names is followed.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn the_place_of_the_rp_has_several_names() {
    let url = serve(|asked, _| {
        let host = asked.headers["host"].to_str().unwrap();
        let (name, port) = host.split_once(':').unwrap();
        (asked.path == "/attestation/options" && name == "localhost").then(|| {
            let mut response = redirect(&format!("http://127.0.0.1:{port}/attestation/options"));
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response
        })
    })
    .await;
    let folder = folder(&[("mine.toml", &following())]);
    let ran = check_in(folder.path(), &url, &format!("--adapter mine.toml {FEW}")).await;
    assert!(!flowing(&ran.said()).contains("--allow-host"), "{}", ran.said());
    assert!(ran.file("one.jsonl").contains("127.0.0.1:"));
}

/// The host of a redirect is a command, once its refusal is pasted into a shell.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_flag_to_paste_runs_nothing() {
    let ran = redirected("http://$(id):81/".to_owned(), "").await;
    let said = flowing(&ran.exits(3).said());
    assert!(said.contains("--allow-host '$(id):81'"), "{said}");
}

/// A page whose form leads to another port of this machine.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_reaches_no_other_port() {
    const FORM: &str =
        "\n[[provision]]\nrequest = \"GET /door\"\n[[provision]]\nsubmit = \"form\"\n";
    for method in ["get", "post"] {
        let other = Other::start();
        let page = format!(
            "<form method={method} action='http://localhost:{}/admin'><input name=a value=b></form>",
            other.port
        );
        let url = serve(move |asked, _| {
            (asked.path == "/door").then(|| answer(200, "text/html", page.clone()))
        })
        .await;
        let folder = folder(&[("mine.toml", &reference(FORM))]);
        let ran = check_in(folder.path(), &url, &format!("--adapter mine.toml {FEW}")).await;
        let said = flowing(&ran.exits(3).said());
        assert!(said.contains(&format!("--allow-host localhost:{}", other.port)), "{said}");
        assert_eq!(other.count(), 0, "{method}");
    }
}

/// A URL that the target hands out, and that the adapter goes to.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_captured_url_reaches_no_other_port() {
    const LINK: &str = "\n[[provision]]\nrequest = \"GET /door\"\ncapture = { link = \"$.link\" }\n[[provision]]\nrequest = \"GET {{link}}\"\n";
    let other = Other::start();
    let body = format!("{{\"link\":\"http://localhost:{}/latest/meta-data\"}}", other.port);
    let url = serve(move |asked, _| {
        (asked.path == "/door").then(|| answer(200, "application/json", body.clone()))
    })
    .await;
    let folder = folder(&[("mine.toml", &reference(LINK))]);
    let ran = check_in(folder.path(), &url, &format!("--adapter mine.toml {FEW}")).await;
    let said = flowing(&ran.exits(3).said());
    assert!(said.contains(&format!("--allow-host localhost:{}", other.port)), "{said}");
    assert_eq!(other.count(), 0);
}

/// A URL that stands in the adapter, or in a variable of the user, is named.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_names_places() {
    let url = serve(|_, _| None).await;
    for (request, flags) in
        [("http://localhost:PORT/mail", ""), ("{{mail}}/mail", "--var mail=http://localhost:PORT")]
    {
        let other = Other::start();
        let port = other.port.to_string();
        let step =
            format!("\n[[provision]]\nrequest = \"GET {}\"\n", request.replace("PORT", &port));
        let adapter = format!("variables = [\"mail\"]\n{}", reference(&step));
        let folder = folder(&[("mine.toml", &adapter)]);
        let flags = flags.replace("PORT", &port);
        let ran =
            check_in(folder.path(), &url, &format!("--adapter mine.toml {flags} {FEW}")).await;
        assert!(other.count() > 0, "{request}: {}", ran.said());
    }
    // A host that a variable completes is not one that the adapter names.
    let step = "\n[[provision]]\nrequest = \"GET http://localhost:{{port}}/mail\"\n";
    let adapter = format!("variables = [\"port\"]\n{}", reference(step));
    let folder = folder(&[("mine.toml", &adapter)]);
    check_in(folder.path(), &url, "--adapter mine.toml --var port=1").await.exits(2);
}

/// The file of related origins leads to another port of this machine.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn related_origins_reach_no_other_port() {
    let other = Other::start();
    let to = format!("http://localhost:{}/.well-known/webauthn", other.port);
    let asked_for = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked_for);
    let url = serve(move |asked, _| {
        (asked.path == "/.well-known/webauthn").then(|| {
            count.fetch_add(1, Ordering::SeqCst);
            redirect(&to)
        })
    })
    .await;
    let folder = folder(&[]);
    check_in(folder.path(), &url, "--only *related-origins*").await;
    assert!(asked_for.load(Ordering::SeqCst) > 0);
    assert_eq!(other.count(), 0);
}

/// The built-in RP over HTTP, until the end of the test.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    fn start(arguments: &str) -> Self {
        let mut command: Command = passrig(&std::env::temp_dir(), "rp --listen 127.0.0.1:0");
        command.args(arguments.split_whitespace()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        let mut err = child.stderr.take().unwrap();
        while !said.contains("Ctrl-C") {
            let mut bytes = [0; 256];
            let n = err.read(&mut bytes).unwrap();
            assert!(n > 0, "{said}");
            said.push_str(&String::from_utf8_lossy(&bytes[..n]));
        }
        let (_, rest) = said.split_once("listens at http://localhost:").unwrap();
        let port = rest.split(',').next().unwrap().parse().unwrap();
        Self { child, port }
    }

    /// The whole answer to a request with this line and these lines of headers.
    fn answers(&self, line: &str, headers: &str) -> String {
        self.asks(line, headers, "")
    }

    fn asks(&self, line: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!("{line}\r\n{headers}connection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SESSION: &str = "GET /session HTTP/1.1";

/// A page of another site lets its own name lead to this machine (DNS rebinding).
// Before: red.
#[test]
fn the_built_in_rp_does_not_answer_for_other_hosts() {
    let rp = Served::start("");
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.evil.example",
        "evil.example.",
        "127.0.0.1@evil.example",
        "",
    ] {
        let answer = rp.answers(SESSION, &format!("host: {host}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 421 "), "{host}: {answer}");
        assert!(answer.contains("--origin") && !answer.contains("signedIn"), "{host}: {answer}");
    }
    for (line, headers) in [
        ("GET http://evil.example/session HTTP/1.1", "host: localhost\r\n"),
        (SESSION, "host: localhost\r\nhost: evil.example\r\n"),
    ] {
        let answer = rp.answers(line, headers);
        assert!(!answer.contains("signedIn"), "{answer}");
    }
}

/// The hosts under which the built-in RP is meant to be reached.
// Before: held.
#[test]
fn the_built_in_rp_answers_for_its_own_hosts() {
    let rp = Served::start("--origin https://login.passrig.test --rp-id passrig.test");
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "localhost.",
        "app.localhost",
        "127.0.0.1:8080",
        "192.168.1.7",
        "[::1]:8080",
        "login.passrig.test",
        "Login.Passrig.Test:443",
        "passrig.test",
    ] {
        let answer = rp.answers(SESSION, &format!("host: {host}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    let answer = rp.answers("GET /session HTTP/1.0", "");
    assert!(answer.contains(" 200 "), "{answer}");
}

/// The text of a refusal is the answer to a request of another site: it repeats nothing harmful.
// Before: held.
#[test]
fn a_refused_host_is_not_repeated_raw() {
    let rp = Served::start("");
    let answer = rp.answers(SESSION, "host: \u{1b}[2Jevil<script>\r\n");
    assert!(!answer.contains('\u{1b}'), "{answer}");
    assert!(!answer.contains("text/html"), "{answer}");
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

/// Every request of a run, as the target sees it.
async fn requests(arguments: &str) -> String {
    let seen = Arc::new(Mutex::new(String::new()));
    let all = Arc::clone(&seen);
    let url = serve(move |asked, _| {
        let mut all = all.lock().unwrap();
        all.push_str(&format!("{} {}\n", asked.method, asked.path));
        for (name, value) in asked.headers {
            all.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        }
        all.push_str(&format!("{}\n\n", String::from_utf8_lossy(asked.body)));
        None
    })
    .await;
    run(folder(&[]).path(), &arguments.replace("RP", &format!("--rp {url} --adapter reference")))
        .await;
    let all = seen.lock().unwrap().clone();
    assert!(all.contains("/attestation/result"), "{all}");
    all
}

/// A target looks for the name of a check, so that it can behave well only under test.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn requests_do_not_name_their_check() {
    let words = [
        "registration.type",
        "simulation",
        "lost-device",
        "canary",
        "twin",
        "subject",
        "attacker",
        "victim",
        "user-verification=",
    ];
    let check = "check RP --seed s --only registration.type --only registration.challenge";
    for arguments in [check, "simulate lost-device RP --seed s"] {
        let all = requests(arguments).await;
        let lower = all.to_lowercase();
        assert!(!lower.contains("x-passrig-check"), "{arguments}");
        let found: Vec<_> = words.iter().filter(|word| lower.contains(*word)).collect();
        assert!(found.is_empty(), "{found:?} in {all}");
        let headers = lower.lines().filter_map(|line| line.split_once(": ").map(|(name, _)| name));
        let own: BTreeSet<_> = headers.filter(|name| name.contains("passrig")).collect();
        assert!(own.is_empty(), "{own:?}");
    }
}

/// The names are there where the user asks for them.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn requests_name_their_check_on_request() {
    let only = "--only registration.type.nonsense --seed s";
    let all = requests(&format!("check RP {only} --name-checks")).await;
    assert!(all.contains("x-passrig-check: registration.type.nonsense"), "{all}");
    let all = requests("simulate lost-device RP --seed s --name-checks").await;
    assert!(all.contains("x-passrig-check: "), "{all}");
    let url = serve(|asked, _| {
        let is_named = asked.headers.contains_key("x-passrig-check");
        (!is_named).then(|| answer(500, "text/plain", "no check"))
    })
    .await;
    let config = format!("[target]\nrp = \"{url}\"\nadapter = \"reference\"\nname_checks = true\n");
    let folder = folder(&[("passrig.toml", &config)]);
    run(folder.path(), &format!("check {only}")).await.exits(0);
}

/// The built-in RP draws values for requests that name no check.
// Before: held.
#[test]
fn the_built_in_rp_draws_fresh_values_without_names() {
    let rp = Served::start("");
    let challenge = &|n: usize| {
        let body = format!("{{\"username\":\"user-{n}\"}}");
        let length = body.len();
        let headers = format!(
            "host: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
        );
        let answer = rp.asks("POST /attestation/options HTTP/1.1", &headers, &body);
        let (_, rest) = answer.split_once("\"challenge\":\"").expect(&answer);
        rest.split('"').next().unwrap().to_owned()
    };
    let challenges: BTreeSet<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|part| {
                scope.spawn(move || (0..10).map(|n| challenge(part * 10 + n)).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(challenges.len(), 40);
}
