//! A relying party that an attacker has taken over, and the program that is pointed at it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::base64url;

/// The formats of reports; each run writes all of them.
pub(crate) const FORMATS: [&str; 5] = ["json", "junit", "sarif", "markdown", "html"];

/// A request that reached the target.
pub(crate) struct Asked<'a> {
    /// The number of the request, from 1.
    pub(crate) n: usize,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl Asked<'_> {
    /// Whether the request carries a credential.
    pub(crate) fn is_result(&self) -> bool {
        self.path.ends_with("/result")
    }
}

/// A reference RP whose answers `tamper` replaces where it returns one.
///
/// `tamper` sees the request and the honest answer.
pub(crate) async fn serve<F>(tamper: F) -> String
where
    F: Fn(&Asked<'_>, &Response) -> Option<Response> + Send + Sync + 'static,
{
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let rp = RelyingParty::new(Config::new(url.clone(), "localhost"), Seeded::new(b"hostile"));
    let tamper = Arc::new(tamper);
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let app = rp.router().layer(from_fn(move |request: Request, next: Next| {
        let (tamper, count) = (Arc::clone(&tamper), Arc::clone(&count));
        async move {
            let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            let (parts, body) = request.into_parts();
            let body: Bytes = to_bytes(body, 1 << 24).await.unwrap();
            let (method, uri, headers) =
                (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
            let honest = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
            let path = uri.path();
            let asked = Asked { n, method: &method, path, headers: &headers, body: &body };
            tamper(&asked, &honest).unwrap_or(honest)
        }
    }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// An answer.
pub(crate) fn answer(status: u16, kind: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert("content-type", kind.parse().unwrap());
    response
}

/// The program under test. `PASSRIG_BIN` names another build, so that each attack can be shown on
/// the code before its fix.
pub(crate) fn program() -> PathBuf {
    let other = std::env::var_os("PASSRIG_BIN").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_passrig").into())
}

/// Everything that one run of the program wrote.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
    /// The files in the folder of the run and in `.passrig`, by name.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Ran {
    /// Collects what a run wrote in its folder.
    pub(crate) fn of(output: Output, folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        for folder in [folder.to_owned(), folder.join(".passrig")] {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        let code = output.status.code().unwrap_or(-1);
        Self { code, out: output.stdout, err: output.stderr, files }
    }

    /// Standard output and standard error, as text.
    pub(crate) fn said(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}{}", text(&self.out), text(&self.err))
    }

    /// A file, as text.
    pub(crate) fn file(&self, name: &str) -> String {
        let bytes = self.files.get(name).unwrap_or_else(|| panic!("no {name}: {}", self.said()));
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// Every sink by name, as text: terminal, log, reports, and the exchanges that the HTML
    /// report holds compressed.
    pub(crate) fn sinks(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut all = vec![
            ("standard output".to_owned(), text(&self.out)),
            ("standard error".to_owned(), text(&self.err)),
        ];
        all.extend(self.files.iter().map(|(name, bytes)| (name.clone(), text(bytes))));
        let packed: Vec<_> = all.iter().filter_map(|(_, text)| unpacked(text)).collect();
        all.extend(
            packed.into_iter().map(|text| ("exchanges of the HTML report".to_owned(), text)),
        );
        all
    }

    /// Fails with everything that was said, unless the exit code is this.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}", self.said());
        self
    }
}

/// The exchanges that an HTML report holds compressed.
fn unpacked(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<script type=\"text/plain\" id=\"stories\">")?;
    let (packed, _) = rest.split_once("</script>")?;
    let bytes = base64url::decode_lenient(packed).unwrap();
    let json = miniz_oxide::inflate::decompress_to_vec(&bytes).unwrap();
    Some(String::from_utf8(json).unwrap())
}

/// The program with these arguments, in this folder, before it is started.
pub(crate) fn passrig(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(program());
    command.args(arguments.split_whitespace()).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `passrig check` of a target that speaks as the reference RP does, with every report, in a
/// folder of its own.
pub(crate) async fn check(url: &str, more: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    check_in(folder.path(), url, more).await
}

/// The same in this folder.
pub(crate) async fn check_in(folder: &Path, url: &str, more: &str) -> Ran {
    let reports = FORMATS.map(|format| format!("--report {format}=report.{format}")).join(" ");
    let adapter = if more.contains("--adapter") { "" } else { "--adapter reference" };
    let arguments = format!("check --rp {url} {adapter} --seed s --run-id one {reports} {more}");
    run(folder, &arguments).await
}

/// The program with these arguments, until it ends. No attack may cost more memory than
/// [`MEMORY`].
pub(crate) async fn run(folder: &Path, arguments: &str) -> Ran {
    let mut command = passrig(folder, arguments);
    let ended = tokio::task::spawn_blocking(move || {
        let child = command.spawn().unwrap();
        let pid = child.id();
        let peak = thread::spawn(move || peak_memory(pid));
        (child.wait_with_output().unwrap(), peak.join().unwrap())
    });
    let (output, peak) = ended.await.unwrap();
    let ran = Ran::of(output, folder);
    assert!(peak < MEMORY, "{peak} bytes of memory: {}", ran.said());
    ran
}

/// The most bytes of memory that the program may use, whatever a target does.
const MEMORY: u64 = 250 << 20;

/// The peak of a process's resident memory in bytes, watched until the process ends; 0 where the
/// system has no `/proc`.
pub(crate) fn peak_memory(pid: u32) -> u64 {
    let mut peak = 0;
    while let Some(now) = high_water(pid) {
        peak = now;
        thread::sleep(Duration::from_millis(10));
    }
    peak
}

fn high_water(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib << 10)
}

/// A few checks that are quick and of which one is refused honestly.
pub(crate) const FEW: &str = "--only registration.type.nonsense --only registration.type.missing";
