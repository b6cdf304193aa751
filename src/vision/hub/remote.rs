//! The hub over HTTP: what a model's repository holds, and the bytes of its files.
//!
//! ureq and not hf-hub: a blocking client with rustls is all that a few files need, while hf-hub 1.0 brings tokio and
//! reqwest, and does not honour `HF_HUB_OFFLINE`. The requests are those of huggingface_hub's `file_download.py`.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use super::environment::{Environment, home, path_in};
use super::error::HubError;

/// Where models are, unless `HF_ENDPOINT` says otherwise.
const ENDPOINT: &str = "https://huggingface.co";

/// How long a connection may take to come about, and an answer to begin.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing may arrive in the middle of a file; also how long Ctrl-C may wait on a dead connection.
const SILENCE: Duration = Duration::from_secs(10);

/// Redirects within the hub, which renamed models have.
const REDIRECTS: u32 = 5;

/// A hub and who asks.
pub(super) struct Remote {
    agent: Agent,
    endpoint: String,
    token: Option<String>,
}

/// A repository.
pub(super) struct Listing {
    /// Its name there, which may be a newer one than was asked for.
    pub id: String,
    /// The commit that `main` is.
    pub commit: String,
    /// The names of its files.
    pub files: Vec<String>,
}

/// A file of a repository.
pub(super) struct Described {
    /// Where it is asked for.
    pub url: String,
    /// What the cache calls its content.
    pub etag: String,
    /// Its bytes.
    pub size: u64,
}

/// Bytes of a file on their way.
pub(super) struct Opened {
    /// The byte that they begin with.
    pub from: u64,
    /// The bytes.
    pub body: Box<dyn Read>,
}

impl Remote {
    /// The hub that the environment names, with its token.
    pub(super) fn new(environment: Environment<'_>) -> Self {
        let text = |name: &str| {
            let value = environment(name)?.into_string().ok()?;
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("vitscope/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(SILENCE))
            .build();
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
        Self {
            agent: config.into(),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            token: text("HF_TOKEN")
                .or_else(|| text("HUGGING_FACE_HUB_TOKEN"))
                .or_else(|| token_in_file(environment)),
        }
    }

    /// The hub's address.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What the repository called `id` holds.
    pub(super) fn list(&self, id: &str) -> Result<Listing, HubError> {
        let url = format!("{}/api/models/{id}/revision/main", self.endpoint);
        let mut answer = self.get(&url, None)?;
        self.check(&answer, id, &url)?;
        let strange = |reason: &str| HubError::Strange {
            url: url.clone(),
            reason: reason.to_owned(),
        };
        let text = answer.body_mut().read_to_string();
        let text = text.map_err(|error| self.unreachable(&error))?;
        let value: Value = serde_json::from_str(&text).map_err(|_| strange("it is not JSON"))?;
        let commit = value["sha"].as_str().filter(|sha| is_plain(sha));
        let files = value["siblings"].as_array().into_iter().flatten();
        Ok(Listing {
            id: value["id"].as_str().unwrap_or(id).to_owned(),
            commit: commit
                .ok_or_else(|| strange("it names no commit"))?
                .to_owned(),
            files: files
                .filter_map(|file| Some(file["rfilename"].as_str()?.to_owned()))
                .collect(),
        })
    }

    /// What `file` of a repository is, without its bytes.
    pub(super) fn describe(&self, listing: &Listing, file: &str) -> Result<Described, HubError> {
        let Listing { id, commit, .. } = listing;
        let url = format!("{}/{id}/resolve/{commit}/{file}", self.endpoint);
        let mut at = url.clone();
        let mut answer = self.head(&at)?;
        // The headers that count come before the redirect to where large files are stored, so only redirects within
        // the hub are followed.
        for _ in 0..REDIRECTS {
            let Some(path) = header(&answer, "location").filter(|path| path.starts_with('/'))
            else {
                break;
            };
            at = format!("{}{path}", self.endpoint);
            answer = self.head(&at)?;
        }
        if !answer.status().is_redirection() {
            self.check(&answer, id, &url)?;
        }
        let strange = |reason: &str| HubError::Strange {
            url: url.clone(),
            reason: reason.to_owned(),
        };
        let etag = header(&answer, "x-linked-etag").or_else(|| header(&answer, "etag"));
        let etag = etag.map(|etag| etag.trim_start_matches("W/").trim_matches('"').to_owned());
        let size = header(&answer, "x-linked-size").or_else(|| header(&answer, "content-length"));
        Ok(Described {
            etag: etag
                .filter(|etag| is_plain(etag))
                .ok_or_else(|| strange("it has no ETag"))?,
            size: size
                .and_then(|size| size.parse().ok())
                .ok_or_else(|| strange("it doesn't say how large the file is"))?,
            url,
        })
    }

    /// The bytes of a file from `from` on, or from the beginning where the server can't do that.
    pub(super) fn open(&self, id: &str, url: &str, from: u64) -> Result<Opened, HubError> {
        let answer = self.get(url, (from > 0).then_some(from))?;
        if from > 0 && answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            return self.open(id, url, 0);
        }
        self.check(&answer, id, url)?;
        let resumed = answer.status() == StatusCode::PARTIAL_CONTENT
            && header(&answer, "content-range")
                .is_some_and(|range| range.starts_with(&format!("bytes {from}-")));
        Ok(Opened {
            from: if resumed { from } else { 0 },
            body: Box::new(answer.into_body().into_reader()),
        })
    }

    /// Asks for `url`; ureq sends the token to no other host than the hub's.
    fn get(&self, url: &str, from: Option<u64>) -> Result<Response<Body>, HubError> {
        let mut request = self.agent.get(url).header("accept-encoding", "identity");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(from) = from {
            request = request.header("range", format!("bytes={from}-"));
        }
        request.call().map_err(|error| self.unreachable(&error))
    }

    /// Asks for the headers of `url` itself.
    fn head(&self, url: &str) -> Result<Response<Body>, HubError> {
        let mut request = self.agent.head(url).header("accept-encoding", "identity");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.config().max_redirects(0).build();
        request.call().map_err(|error| self.unreachable(&error))
    }

    /// The error that a status means, the hub's own word for it in `X-Error-Code` first.
    fn check(&self, answer: &Response<Body>, id: &str, url: &str) -> Result<(), HubError> {
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let (id, endpoint) = (id.to_owned(), self.endpoint.clone());
        let with_token = self.token.is_some();
        Err(match (header(answer, "x-error-code"), status.as_u16()) {
            (Some("GatedRepo"), _) | (None, 401 | 403) => HubError::Gated {
                id,
                endpoint,
                with_token,
            },
            (_, 401 | 403 | 404) => HubError::NoModel {
                id,
                endpoint,
                with_token,
            },
            (_, status) => HubError::Status {
                url: url.to_owned(),
                status,
            },
        })
    }

    fn unreachable(&self, error: &ureq::Error) -> HubError {
        HubError::Unreachable {
            endpoint: self.endpoint.clone(),
            reason: in_words(error),
        }
    }
}

/// The token that `hf auth login` left.
fn token_in_file(environment: Environment<'_>) -> Option<String> {
    let beside = || Some(home(environment)?.join("token"));
    let path: PathBuf = path_in(environment, "HF_TOKEN_PATH").or_else(beside)?;
    let token = std::fs::read_to_string(path).ok()?;
    Some(token.trim().to_owned()).filter(|token| !token.is_empty())
}

fn header<'a>(answer: &'a Response<Body>, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

/// Whether a name from outside can be a file's name: letters, digits and dashes.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What went wrong between here and there, in words.
fn in_words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "its address is not known".to_owned(),
        ureq::Error::Io(error) => crate::interface::failure::in_words(error),
        ureq::Error::Timeout(_) => "it doesn't answer in time".to_owned(),
        other => other.to_string(),
    }
}
