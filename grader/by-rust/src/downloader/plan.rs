//! One call of the program as data: the list of URLs, what the server does, what has to come of it.

use std::time::Duration;

use crate::scripted::http::{Answer, Body, Content, Framing, Gate, Hold, Order, Page, Site};

/// Stands for the server's address in URLs and in everything that reports show.
pub(super) const SERVER: &str = "fixture.test";
/// Stands for an address at which connections are refused.
pub(super) const REFUSING: &str = "refused.test";

/// What older files hold: more than what is downloaded.
pub(super) const OLDER: &[u8] = &[b'o'; 9000];

/// How long a program may sleep where it has a reason to.
const PATIENT: Duration = Duration::from_secs(30);

/// A call of the program and all that is known about it beforehand.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Options other than `--out` and `--input`.
    pub(super) options: Vec<&'static str>,
    /// The list of URLs, in its order.
    pub(super) items: Vec<Item>,
    /// How many of the items are arguments; the others are lines of the input.
    pub(super) input: Option<(Input, usize)>,
    /// The folder given with `--out`; without it the program's working folder.
    pub(super) out: Option<&'static str>,
    /// Folders with something in them that stand in `out` before the program starts.
    pub(super) obstacles: Vec<&'static str>,
    /// Files that stand there before, all with the content [`OLDER`].
    pub(super) older: Vec<&'static str>,
    /// Whether the program itself has to make the folder `out`.
    pub(super) is_missing: bool,
    /// What stands around each line of the input.
    pub(super) padding: (&'static str, &'static str),
    /// What the server does.
    pub(super) site: Site,
    /// How many downloads the program may run at once, where that is judged.
    pub(super) jobs: usize,
    /// How long the program may sleep, where that has to be longer than usual.
    pub(super) idle: Option<Duration>,
}

/// Where the lines with further URLs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// `--input list.txt`
    File,
    /// `--input -`
    Stdin,
}

/// One URL of the list.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// As reports show it, with [`SERVER`] as its host.
    pub(super) url: String,
    /// What has to come of it.
    pub(super) due: Due,
    /// The name that the file has to get, where the contract leaves no choice.
    pub(super) name: Option<String>,
    /// The sentence of the contract that this URL is about, if there is one.
    pub(super) sentence: Option<&'static str>,
    /// How many requests for it there have to be, where that is judged.
    pub(super) attempts: Option<usize>,
    /// Whether a body begins that never comes whole.
    pub(super) is_cut: bool,
}

/// What has to come of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A file with this content.
    File(Content),
    /// A file with this content or a failure: the server's answer can be read both ways.
    FileOrFailure(Content),
    /// A failure, for this reason where the contract names one.
    Failure(Option<&'static str>),
}

impl Item {
    /// The path that the server is asked for; empty for what is no URL of the server.
    pub(super) fn path(&self) -> &str {
        self.url.strip_prefix("http://").and_then(|rest| rest.strip_prefix(SERVER)).unwrap_or_default()
    }
}

impl Plan {
    /// A call with `options`, separated by spaces, and no URL yet.
    pub(super) fn new(options: &'static str) -> Self {
        Self {
            options: options.split_whitespace().collect(),
            items: Vec::new(),
            input: None,
            out: Some("downloads"),
            obstacles: Vec::new(),
            older: Vec::new(),
            is_missing: false,
            padding: ("", ""),
            site: Site::default(),
            jobs: 0,
            idle: None,
        }
    }

    /// Adds a URL of the server that gives `body`, without any fault.
    pub(super) fn file(self, path: &str, body: Body) -> Self {
        self.serve(path, vec![Answer::Whole(body, Framing::Length)], Due::File(body.content()))
    }

    /// Adds a URL of the server that fails.
    pub(super) fn fails(self, path: &str, answers: Vec<Answer>, reason: Option<&'static str>) -> Self {
        self.serve(path, answers, Due::Failure(reason))
    }

    /// Adds a URL of the server with a script of answers.
    pub(super) fn serve(self, path: &str, answers: Vec<Answer>, due: Due) -> Self {
        let is_cut = answers.iter().any(|answer| matches!(answer, Answer::Half(..)));
        let mut plan = self.page(path, answers).url(format!("http://{SERVER}{path}"), due);
        plan.last().is_cut = is_cut;
        plan
    }

    /// Adds a line of the list as it stands.
    pub(super) fn url(mut self, url: impl Into<String>, due: Due) -> Self {
        let item = Item { url: url.into(), due, name: None, sentence: None, attempts: None, is_cut: false };
        self.items.push(item);
        self
    }

    /// Adds a page to the server that is not in the list.
    pub(super) fn page(mut self, path: &str, answers: Vec<Answer>) -> Self {
        self.site.pages.push(Page { path: path.into(), answers, hold: None });
        self
    }

    /// The file of the last URL has to get this name.
    pub(super) fn named(mut self, name: &str) -> Self {
        self.last().name = Some(name.into());
        self
    }

    /// The last URL is about this sentence of the contract.
    pub(super) fn of(mut self, sentence: &'static str) -> Self {
        self.last().sentence = Some(sentence);
        self
    }

    /// The last URL has to be asked for this often.
    pub(super) fn asked(mut self, attempts: usize) -> Self {
        self.last().attempts = Some(attempts);
        self
    }

    /// All answers of the server wait at a gate for a program with `jobs` downloads at once. That
    /// the program sleeps meanwhile is not its fault.
    pub(super) fn held(mut self, jobs: usize, hold: Hold, order: Order) -> Self {
        self.idle = Some(PATIENT);
        self.jobs = jobs;
        self.site.gate = Some(Gate { jobs, order });
        for page in &mut self.site.pages {
            page.hold = Some(hold);
        }
        self
    }

    /// Every whole body waits half-way at a gate that opens only for one more than the `jobs` that there may be, or
    /// when the program has slept for a long time: a retry that comes later is not seen. Failures are answered at once.
    pub(super) fn held_for_one_too_many(self, jobs: usize) -> Self {
        Self { jobs, ..self.held(jobs + 1, Hold::Middle, Order::Together) }
    }

    /// The program may sleep between two requests, and each connection serves only one: on one that
    /// was used before, many HTTP libraries repeat a request by themselves.
    pub(super) fn patient(mut self) -> Self {
        self.idle = Some(PATIENT);
        self.site.closes = true;
        self
    }

    /// The items from here on are lines of the input.
    pub(super) fn input(mut self, input: Input) -> Self {
        self.input = Some((input, self.items.len()));
        self
    }

    /// The exit code that the outcomes ask for.
    pub(super) fn code(&self) -> i32 {
        i32::from(self.items.iter().any(|item| matches!(item.due, Due::Failure(_))))
    }

    /// The fewest downloads that have to be under way at one moment, and the most that may be.
    pub(super) fn concurrency(&self) -> (usize, usize) {
        (self.jobs.min(self.site.pages.len()), self.jobs)
    }

    /// The items that are arguments, and those that are lines of the input.
    pub(super) fn split(&self) -> (&[Item], &[Item]) {
        self.items.split_at(self.input.map_or(self.items.len(), |(_, count)| count))
    }

    fn last(&mut self) -> &mut Item {
        self.items.last_mut().expect("a URL was added before")
    }
}
