//! Answers that do not come from the target.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::process::Command;

use super::transport::Response;

/// How long a mail or a program may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What a program prints; the error says why it is of no use.
pub(super) async fn run(words: &[String]) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("there is no program")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(output) => output.map_err(|error| error.to_string())?,
        Err(_) => return Err(format!("it did not end within {} s", PATIENCE.as_secs())),
    };
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let last = stderr.lines().last().unwrap_or_default();
            Err(format!("it ended with {}: {last}", output.status))
        }
    }
}

/// Words as the answer of a step, so that values are captured from them.
pub(super) fn as_answer(said: String) -> Response {
    Response::new(StatusCode::OK, HeaderMap::new(), Bytes::from(said))
}
