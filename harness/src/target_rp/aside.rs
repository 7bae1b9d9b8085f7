//! Answers that do not come from the target.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::transport::HttpResponse;
use crate::process::{ProcessGroup, StreamLines};

/// The most time that a mail or a program may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes that a program may print.
const MOST: u64 = 1 << 20;

/// The most bytes of a line of its standard error that are kept.
const LAST_WORDS: usize = 4096;

/// The output of a program; the error says why it is of no use. The program and everything that it
/// starts end with this.
pub(super) async fn run(words: &[String]) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("there is no program")?;
    let mut command = Command::new(program);
    command.args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = ProcessGroup::spawn(&mut command).map_err(|error| error.to_string())?;
    match tokio::time::timeout(TIMEOUT, output(&mut group)).await {
        Ok(output) => output,
        Err(_) => Err(format!("it did not end within {} s", TIMEOUT.as_secs())),
    }
}

async fn output(group: &mut ProcessGroup) -> Result<String, String> {
    let child = group.child();
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("it has no standard output".to_owned());
    };
    let mut said = Vec::new();
    let saying = async {
        stdout.take(MOST + 1).read_to_end(&mut said).await.map_err(|error| error.to_string())?;
        match said.len() as u64 > MOST {
            true => Err(format!("it printed more than {} KiB", MOST >> 10)),
            false => Ok(()),
        }
    };
    let mut last = Vec::new();
    let complaining = async {
        let mut lines = StreamLines::new(stderr, LAST_WORDS);
        while let Some(line) = lines.next_cut().await {
            last = line.to_vec();
        }
        Ok(())
    };
    let waiting = async { group.wait().await.map_err(|error| error.to_string()) };
    let ((), (), status) = tokio::try_join!(saying, complaining, waiting)?;
    match status.success() {
        true => Ok(String::from_utf8_lossy(&said).into_owned()),
        false => Err(format!("it ended with {status}: {}", String::from_utf8_lossy(&last))),
    }
}

/// Words as the answer of a step, so that values are captured from them.
pub(super) fn as_answer(said: String) -> HttpResponse {
    HttpResponse::new(StatusCode::OK, HeaderMap::new(), Bytes::from(said))
}
