//! A browser's recording (HTTP Archive 1.2), as far as an adapter can be learnt
//! from it.

use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// One request and its answer.
#[derive(Clone, Debug)]
pub(super) struct HarEntry {
    pub(super) method: String,
    pub(super) url: Url,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: HarBody,
    pub(super) status: u16,
    pub(super) answer_headers: Vec<(String, String)>,
    pub(super) answer: String,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum HarBody {
    Nothing,
    Json(Value),
    Form(Vec<(String, String)>),
    Other,
}

/// Why a file is no recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoRecording {
    /// It is not JSON of that shape.
    #[error("this is no HTTP Archive: {0}")]
    Shape(#[from] serde_json::Error),
    /// There is nothing in it.
    #[error("the recording has no requests")]
    Empty,
}

#[derive(Deserialize)]
struct HarFile {
    log: HarLog,
}

#[derive(Deserialize)]
struct HarLog {
    entries: Vec<WrittenEntry>,
}

#[derive(Deserialize)]
struct WrittenEntry {
    request: HarRequest,
    response: HarResponse,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default)]
    mime_type: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    params: Vec<Param>,
}

#[derive(Deserialize)]
struct Param {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct HarResponse {
    status: i32,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    content: HarContent,
}

#[derive(Default, Deserialize)]
struct HarContent {
    #[serde(default)]
    text: String,
    #[serde(default)]
    encoding: String,
}

/// Those that an adapter can use.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The requests of a recording, in order, that went to a server.
pub(super) fn read(text: &[u8]) -> Result<Vec<HarEntry>, NoRecording> {
    let file: HarFile = serde_json::from_slice(text)?;
    let entries: Vec<HarEntry> = file.log.entries.into_iter().filter_map(entry).collect();
    if entries.is_empty() { Err(NoRecording::Empty) } else { Ok(entries) }
}

fn entry(written: WrittenEntry) -> Option<HarEntry> {
    let WrittenEntry { request, response } = written;
    let url = Url::parse(&request.url).ok().filter(|url| url.scheme().starts_with("http"))?;
    if !METHODS.contains(&request.method.as_str()) {
        return None;
    }
    let pairs = |pairs: Vec<Pair>| {
        pairs.into_iter().map(|pair| (pair.name.to_lowercase(), pair.value)).collect()
    };
    let answer = match response.content.encoding.as_str() {
        "base64" => {
            let octets = Base64::decode_vec(&response.content.text).unwrap_or_default();
            String::from_utf8_lossy(&octets).into_owned()
        }
        _ => response.content.text,
    };
    Some(HarEntry {
        method: request.method,
        url,
        headers: pairs(request.headers),
        body: request.post_data.map_or(HarBody::Nothing, body),
        // A request that failed has none.
        status: u16::try_from(response.status).ok().filter(|status| *status >= 100)?,
        answer_headers: pairs(response.headers),
        answer,
    })
}

fn body(data: PostData) -> HarBody {
    if data.mime_type.starts_with("application/x-www-form-urlencoded") {
        let fields = match data.params.is_empty() || !data.text.is_empty() {
            true => url::form_urlencoded::parse(data.text.as_bytes()).into_owned().collect(),
            false => data.params.into_iter().map(|param| (param.name, param.value)).collect(),
        };
        return HarBody::Form(fields);
    }
    match serde_json::from_str(&data.text) {
        Ok(Value::Null) => HarBody::Nothing,
        Ok(value) => HarBody::Json(value),
        Err(_) if data.text.is_empty() => HarBody::Nothing,
        Err(_) => HarBody::Other,
    }
}

impl HarEntry {
    /// The answer as JSON, if it is.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.answer).ok()
    }

    pub(super) fn is_page(&self) -> bool {
        // Where a recording does not say what it is, it may be one.
        self.answer_header("content-type").is_none_or(|kind| kind.contains("html"))
    }

    pub(super) fn answer_header(&self, name: &str) -> Option<&str> {
        let mut headers = self.answer_headers.iter();
        headers.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Names and values of the cookies that the answer sets. Browsers write
    /// several in one value, a line each.
    pub(super) fn sets_cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.answer_headers.iter().filter(|(name, _)| name == "set-cookie");
        headers
            .flat_map(|(_, value)| value.lines())
            .filter_map(|line| line.split(';').next().unwrap_or_default().trim().split_once('='))
    }
}
