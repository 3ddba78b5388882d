//! One download, from the request to the whole file in its place.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT_ENCODING, CONNECTION, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Reason};
use crate::name::{Download, Target};
use crate::progress::Progress;

const MAX_REDIRECTS: usize = 10;
const BUFFER: usize = 64 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(crate) type Outcome = Result<Saved, Failure>;

/// A file that is whole and in its place.
pub(crate) struct Saved {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) name: String,
}

/// What all downloads share; any number of threads may fetch at once.
pub(crate) struct Fetcher {
    client: Client,
    out: PathBuf,
    retries: u32,
    progress: Progress,
}

impl Fetcher {
    pub(crate) fn new(out: &Path, timeout: Duration, retries: u32) -> Result<Self> {
        // An error shows again, with its reason, when the first file is to be written there.
        let _ = fs::create_dir_all(out);
        let client = client(timeout).context("network")?;
        Ok(Self { client, out: out.to_owned(), retries, progress: Progress::new() })
    }

    /// Downloads one file, and tries again what may succeed a moment later.
    pub(crate) fn fetch(&self, download: &Download) -> Outcome {
        let unusable = || Failure::new(Reason::BadUrl, "not an http or https URL with a host");
        let target = download.target.as_ref().ok_or_else(unusable)?;
        let mut retry = 0;
        loop {
            match self.attempt(target) {
                Err(failure) if failure.reason.is_transient() && retry < self.retries => {
                    thread::sleep(pause(retry));
                    retry += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn attempt(&self, target: &Target) -> Outcome {
        let response = self.follow(target.url.clone())?;
        let status = response.status();
        // Nobody asked for a part of the file: taken as the whole, it would be a truncated one.
        if status.is_success() && status != StatusCode::PARTIAL_CONTENT {
            return self.save(response, target);
        }
        Err(Failure::new(Reason::Status(status.as_u16()), status.canonical_reason().unwrap_or("unknown")))
    }

    /// The answer at the end of the redirects. Each step may take the whole of the time limit.
    fn follow(&self, mut url: Url) -> Result<Response, Failure> {
        for _ in 0..=MAX_REDIRECTS {
            let response = self.client.get(url.clone()).send().map_err(Failure::without_answer)?;
            match (response.status().as_u16(), response.headers().get(LOCATION)) {
                (301 | 302 | 303 | 307 | 308, Some(location)) => url = redirected(&url, location)?,
                _ => return Ok(response),
            }
        }
        Err(Failure::new(Reason::RedirectLoop, format!("more than {MAX_REDIRECTS} redirects")))
    }

    fn save(&self, mut response: Response, target: &Target) -> Outcome {
        let part = Part(self.out.join(&target.part));
        let mut file = part.create().map_err(|error| unwritable(&part.0, &error))?;
        let bar = self.progress.start(&target.name, response.content_length());
        let (mut buffer, mut bytes, mut hasher) = (vec![0; BUFFER], 0, Sha256::new());
        loop {
            let count = response.read(&mut buffer).map_err(|error| Failure::within_body(&error))?;
            if count == 0 {
                break;
            }
            file.write_all(&buffer[..count]).map_err(|error| unwritable(&part.0, &error))?;
            hasher.update(&buffer[..count]);
            bytes += count as u64;
            bar.advance(count as u64);
        }
        drop(file);
        let place = self.out.join(&target.name);
        fs::rename(&part.0, &place).map_err(|error| unwritable(&place, &error))?;
        Ok(Saved { bytes, sha256: hex(&hasher.finalize()), name: target.name.clone() })
    }
}

/// A file that is not whole yet; whatever happens, it is gone when this is dropped.
struct Part(PathBuf);

impl Part {
    fn create(&self) -> io::Result<File> {
        // What an earlier run left here is replaced, not written through: it may be a link or a pipe.
        let _ = fs::remove_file(&self.0);
        File::create_new(&self.0)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the renaming there is nothing left to remove.
        let _ = fs::remove_file(&self.0);
    }
}

fn client(timeout: Duration) -> reqwest::Result<Client> {
    let headers = HeaderMap::from_iter([
        // The digest is that of the bytes on the server, so they must not be compressed on the way.
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        // An idle connection kept for later would count against the limit on connections, and the server
        // may close it just when it is used again.
        (CONNECTION, HeaderValue::from_static("close")),
    ]);
    let builder = || {
        Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers.clone())
            .redirect(Policy::none())
            .timeout(timeout)
    };
    // Where the system has no root certificates at all, plain http must still work.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

fn redirected(from: &Url, location: &HeaderValue) -> Result<Url, Failure> {
    let text = String::from_utf8_lossy(location.as_bytes());
    match from.join(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err(Failure::new(Reason::BadRedirect, text)),
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Reason::Write, format!("{}: {error}", path.display()))
}

/// The pause before a retry doubles each time, up to a limit.
fn pause(retry: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(retry)).min(LONGEST_PAUSE)
}
