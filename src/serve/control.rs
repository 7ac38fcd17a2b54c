//! The way to a server that runs, beside its API: one line in, one line of JSON out, over a socket that
//! only the user can open.
//!
//! | request | answer |
//! |---|---|
//! | `check` | the report of the exercise that is served |
//! | `skip SECONDS` | `{"skipped": SECONDS}`: time moves on at once |
//! | anything else | `{"error": "…"}` |

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use super::served::Served;
use crate::apimachinery::json::{Value, json};
use crate::exercises::Report;

/// Longest request, in bytes.
const REQUEST_BYTES_MAX: u64 = 4_096;

/// 1 day: the most that time moves on at once.
const SKIP_MAX_S: f64 = 86_400.0;

/// Answers requests for as long as the server runs.
pub(super) async fn answer(served: Arc<Served>, listener: UnixListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let served = served.clone();
        // Who hangs up early gets no answer, and nobody else is the worse for it.
        tokio::spawn(async move { drop(one(served, stream).await) });
    }
}

async fn one(served: Arc<Served>, mut stream: UnixStream) -> std::io::Result<()> {
    let mut line = Vec::new();
    let (read, mut write) = stream.split();
    tokio::io::BufReader::new(read.take(REQUEST_BYTES_MAX)).read_until(b'\n', &mut line).await?;
    let request = String::from_utf8_lossy(&line).trim().to_owned();
    // A grading runs scripts, which takes a thread of its own.
    let answer = tokio::task::spawn_blocking(move || carry_out(&served, &request)).await;
    let answer = answer.unwrap_or_else(|_| json!({"error": "the request could not be carried out"}));
    write.write_all(format!("{answer}\n").as_bytes()).await
}

fn carry_out(served: &Served, request: &str) -> Value {
    match request.split_once(' ').unwrap_or((request, "")) {
        ("check", "") => match served.grade() {
            Some(report) => report_json(&report),
            None => json!({"error": "no exercise is served: start `uncordon serve EXERCISE`"}),
        },
        ("skip", seconds) => match seconds.parse::<f64>().ok().filter(|it| (0.0..=SKIP_MAX_S).contains(it)) {
            Some(seconds) => {
                served.skip(Duration::from_secs_f64(seconds));
                json!({"skipped": seconds})
            }
            None => json!({"error": "skip takes seconds, at most a day of them"}),
        },
        _ => json!({"error": "unknown request"}),
    }
}

fn report_json(report: &Report) -> Value {
    let checks = report.checks.iter().map(|it| {
        json!({
            "name": it.name, "points": it.points, "max": it.max, "passed": it.passed,
            "saw": it.saw, "wanted": it.wanted, "mistake": it.mistake,
        })
    });
    json!({
        "points": report.points, "max": report.max, "passed": report.passed(),
        "checks": checks.collect::<Vec<_>>(),
    })
}

/// Sends a request to the server behind `socket` and waits for its answer.
///
/// # Errors
/// When no server answers, or it refuses.
pub(crate) fn ask(socket: &Path, request: &str) -> Result<Value, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", socket.display());
    let mut stream = BlockingStream::connect(socket).map_err(fail)?;
    stream.write_all(format!("{request}\n").as_bytes()).map_err(fail)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).map_err(fail)?;
    let answer: Value =
        serde_json::from_str(&line).map_err(|error| format!("the server's answer: {error}"))?;
    match answer.get("error").and_then(Value::as_str) {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer),
    }
}
