use std::env;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::process::Command;
use url::Url;

use super::error::Error;
use super::guard::BrowserGuard;
use super::page::BrowserPage;
use super::proxy::{NOWHERE, Proxy};
use super::session::CdpSession;
use super::tail::Tail;
use crate::process::{Folder, ProcessGroup};
use crate::target_rp::guard::HostPort;

/// The names that Chromium goes by.
const NAMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// The same flags everywhere: nothing of the user's, nothing by itself on the
/// network. All frames share a process and so a session; what a page can see of
/// that is the same.
const FLAGS: [&str; 22] = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-site-isolation-trials",
    DISABLED,
    "--media-router=0",
    "--metrics-recording-only",
    "--no-pings",
    "--password-store=basic",
    "--window-size=1200,900",
];

/// Features: some would put frames into processes of their own, some limit who may speak to this
/// machine, the others use the network by themselves.
const DISABLED: &str = "--disable-features=IsolateOrigins,site-per-process,OriginIsolationHeader,\
                        LocalNetworkAccessChecks,Translate,AsyncDns,AutofillServerCommunication,\
                        CertificateTransparencyComponentUpdater,DialMediaRouteProvider,DnsOverHttps,\
                        InterestFeedContentSuggestions,MediaRouter,NetworkErrorLogging,\
                        NetworkTimeServiceQuerying,OptimizationGuideModelDownloading,\
                        OptimizationHints,OptimizationTargetPrediction,PreconnectToSearch,Reporting";

/// WebRTC sends datagrams past every proxy, unless it is told not to.
const PROXIED_ONLY: [&str; 2] = [
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
];

/// Services of Chromium's vendor that no flag turns off, and where Chromium is to look for them:
/// under names that do not exist (RFC 6761 §6.4) and that no page has a reason to ask for.
const OWN_SERVICES: [(&str, &str); 5] = [
    ("--gaia-url=https://accounts.", ""),
    ("--google-apis-url=https://apis.", ""),
    ("--google-base-url=https://www.", ""),
    ("--component-updater=url-source=https://updates.", "/"),
    ("--variations-server-url=https://variations.", "/"),
];

/// The browser reads its commands from descriptor 3 and answers on 4.
const SHELL: &str = r#"exec "$@" 3<&0 4>&1 0</dev/null 1>&2"#;

/// The time that it may take to end by itself.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The network settings of a browser, and its trusted certificates.
#[derive(Clone, Debug, Default)]
pub struct LaunchSettings {
    /// The program that runs Chromium, if not the one that [`find`] finds.
    pub program: Option<PathBuf>,
    /// Hosts, and where each really is (`HOST:PORT`); names and certificates
    /// stay those of the host.
    pub elsewhere: Vec<(String, String)>,
    /// Keys of certificates that are believed, as `pin` makes them.
    pub pins: Vec<String>,
    /// The places that may be reached; any, if there is none. It knows itself where hosts are.
    pub guard: Option<Arc<BrowserGuard>>,
}

/// A browser that runs. It ends with this value.
#[derive(Debug)]
pub struct Browser {
    session: CdpSession,
    group: ProcessGroup,
    proxy: Option<Proxy>,
    // After the group: dropped when it is gone.
    _folder: Folder,
}

/// What runs Chromium on this machine: `PASSRIG_CHROMIUM`, or what the search
/// path has.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("PASSRIG_CHROMIUM").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let candidates = NAMES.iter().flat_map(|name| folders.iter().map(move |f| f.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

impl Browser {
    /// Starts one without a window and with no memory.
    pub async fn launch(settings: &LaunchSettings) -> Result<Self, Error> {
        let program = settings.program.clone().or_else(find).ok_or(Error::NotFound)?;
        let folder = Folder::new("passrig-browser-").map_err(Error::Folder)?;
        let failed = |source| Error::Start { program: program.display().to_string(), source };
        let mut command = Command::new("sh");
        command.args(["-c", SHELL, "sh"]).arg(&program).args(FLAGS);
        command.arg(format!("--user-data-dir={}", folder.path().display()));
        if is_root() {
            // Chromium does not sandbox what root runs.
            command.arg("--no-sandbox");
        }
        if !settings.elsewhere.is_empty() {
            let rules =
                settings.elsewhere.iter().map(|(host, place)| format!("MAP {host} {place}"));
            let rules = rules.collect::<Vec<_>>().join(",");
            command.arg(format!("--host-resolver-rules={rules}"));
        }
        if !settings.pins.is_empty() {
            let pins = settings.pins.join(",");
            command.arg(format!("--ignore-certificate-errors-spki-list={pins}"));
        }
        let more = env::var("PASSRIG_CHROMIUM_FLAGS").unwrap_or_default();
        command.args(more.split_whitespace());
        let proxy = match &settings.guard {
            Some(guard) => Some(Proxy::open(Arc::clone(guard)).await.map_err(Error::Proxy)?),
            None => None,
        };
        // Of a flag that is given twice the last counts: the user's do not open another way.
        if let Some(proxy) = &proxy {
            command.args(PROXIED_ONLY).args(proxy.flags());
            let services = OWN_SERVICES.map(|(flag, end)| format!("{flag}{NOWHERE}{end}"));
            command.args(services);
        }
        command.arg("about:blank");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());

        let mut group = ProcessGroup::spawn(&mut command).map_err(failed)?;
        let child = group.child();
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(failed(std::io::ErrorKind::BrokenPipe.into()));
        };
        let (tail, followed) = Tail::follow(stderr);
        let session = CdpSession::new(stdin, stdout, tail, followed);
        session.call("Browser.getVersion", json!({})).await?;
        Ok(Self { session, group, proxy, _folder: folder })
    }

    /// Opens an empty page.
    pub async fn page(&self) -> Result<BrowserPage, Error> {
        BrowserPage::open(&self.session).await
    }

    /// The error with the reason that only the proxy knows: to Chromium, each is a proxy that does
    /// not connect.
    pub fn explain(&self, error: Error) -> Error {
        let (Error::Unreachable { url, reason }, Some(proxy)) = (&error, &self.proxy) else {
            return error;
        };
        if !reason.contains("SOCKS") && !reason.contains("PROXY") {
            return error;
        }
        let place = Url::parse(url).ok().and_then(|url| HostPort::of(&url));
        let (url, guard) = (url.clone(), proxy.guard());
        match place.as_ref().and_then(|place| guard.reason(place)) {
            Some(reason) => Error::Unreachable { url, reason },
            None => {
                match place.filter(|place| guard.refused().contains(place)).or(guard.last_refused())
                {
                    Some(place) => Error::Guarded { url, place },
                    None => error,
                }
            }
        }
    }

    /// Ends it, and leaves nothing behind.
    pub async fn close(mut self) {
        // Where it does not end by itself it is killed with this value.
        let _ = self.session.call("Browser.close", json!({})).await;
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, self.group.wait()).await;
        // The folder is removed with the value, and a process may write to it for a moment.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

/// True if Chromium runs in its sandbox.
pub fn is_sandboxed() -> bool {
    let more = env::var("PASSRIG_CHROMIUM_FLAGS").unwrap_or_default();
    !is_root() && !more.split_whitespace().any(|flag| flag == "--no-sandbox")
}

/// True if this process is root's.
fn is_root() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
    }
    #[cfg(not(unix))]
    false
}
