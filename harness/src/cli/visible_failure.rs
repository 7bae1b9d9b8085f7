use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};
use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode};

use crate::outcome::visible;
use crate::target_rp::MaskedSource;

/// A failure whose foreign texts are visible and without secrets: names that it quotes, and the
/// excerpt of the file that it points into.
pub(super) struct Visible<'a> {
    failure: &'a dyn Diagnostic,
    source: Option<MaskedSource>,
    spans: Vec<Range<usize>>,
    file: Option<NamedSource<String>>,
    cause: Option<FailureCause>,
}

impl<'a> Visible<'a> {
    pub(super) fn new(failure: &'a dyn Diagnostic) -> Self {
        let source = failure.source_code().and_then(text).map(MaskedSource::new);
        let labels = failure.labels().into_iter().flatten();
        Self {
            failure,
            file: failure
                .source_code()
                .zip(source.as_ref())
                .and_then(|(code, source)| excerpt(code, source)),
            source,
            spans: labels.map(|label| label.offset()..label.offset() + label.len()).collect(),
            cause: failure.source().map(FailureCause::of),
        }
    }

    /// A text about the file.
    fn block(&self, text: &(impl Display + ?Sized)) -> String {
        match &self.source {
            Some(source) => block(&source.message(&text.to_string(), &self.spans)),
            None => block(text),
        }
    }
}

impl Display for Visible<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.block(self.failure))
    }
}

impl Debug for Visible<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Error for Visible<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

impl Diagnostic for Visible<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.failure.code().map(|code| Box::new(block(&code)) as _)
    }

    fn severity(&self) -> Option<Severity> {
        self.failure.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.failure.help().map(|help| Box::new(self.block(&help)) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| file as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let visible = |label: LabeledSpan| {
            let text = label.label().map(|text| self.block(&text));
            LabeledSpan::new_with_span(text, *label.inner())
        };
        self.failure.labels().map(|labels| Box::new(labels.map(visible)) as _)
    }
}

struct FailureCause {
    text: String,
    next: Option<Box<FailureCause>>,
}

impl FailureCause {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let next = error.source().map(|source| Box::new(Self::of(source)));
        Self { text: block(&error), next }
    }
}

impl Display for FailureCause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Debug for FailureCause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Error for FailureCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.next.as_ref().map(|next| next.as_ref() as _)
    }
}

fn text(code: &dyn SourceCode) -> Option<String> {
    let whole = code.read_span(&(0, 0).into(), 0, usize::MAX).ok()?;
    Some(String::from_utf8_lossy(whole.data()).into_owned())
}

/// The file without secrets and with every character visible, at the same places.
fn excerpt(code: &dyn SourceCode, source: &MaskedSource) -> Option<NamedSource<String>> {
    let whole = code.read_span(&(0, 0).into(), 0, usize::MAX).ok()?;
    let text = visible::excerpt(source.masked());
    let file = NamedSource::new(visible::line(whole.name().unwrap_or_default()), text);
    Some(match whole.language() {
        Some(language) => file.with_language(language),
        None => file,
    })
}

fn block(text: &(impl Display + ?Sized)) -> String {
    visible::block(&text.to_string()).into_owned()
}
