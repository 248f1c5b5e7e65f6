//! This file is what goes back over the wire: whole answers, torn ones, endless ones, and none.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::Value;

use super::Trouble;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
/// What [`Answer::huge`] sends, in bytes.
const HUGE_BYTES: usize = 100_000_000;
/// How much of it goes out at a time, in bytes.
const BLANK_BYTES: usize = 64 * 1024;

/// An answer, or the lack of one.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    pub(super) shape: Shape,
}

/// How much of an answer gets out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Whole,
    /// Half of it, and the connection is closed.
    Torn,
    /// 100 MB instead of the body.
    Huge,
    /// The connection is closed at once.
    Closed,
    /// Nothing, until the other side gives up.
    Silent,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::json_text(status, body.to_string())
    }

    /// JSON that is text already.
    pub(super) fn json_text(status: u16, body: String) -> Self {
        Self::new(status, JSON, body)
    }

    /// What a gateway says of a server that it can't reach.
    pub(super) fn page(status: u16) -> Self {
        let title = match status {
            200 => "Welcome to nginx!",
            429 => "429 Too Many Requests",
            500 => "500 Internal Server Error",
            502 => "502 Bad Gateway",
            503 => "503 Service Temporarily Unavailable",
            504 => "504 Gateway Time-out",
            _ => "Error",
        };
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
        );
        Self::new(status, HTML, page)
    }

    pub(super) fn empty(status: u16) -> Self {
        Self::new(status, JSON, String::new())
    }

    pub(super) fn text(status: u16, text: String) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }

    /// An answer that is none.
    pub(super) fn nothing(shape: Shape) -> Self {
        Self::empty(200).shaped(shape)
    }

    fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into(), shape: Shape::Whole }
    }

    pub(super) fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }

    pub(super) fn shaped(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// The response, or why there is none: the connection is closed on it.
    pub(super) async fn into_response(self) -> Result<Response<Payload>, Trouble> {
        let payload = match self.shape {
            Shape::Whole => Payload::Whole(Some(self.body.clone())),
            Shape::Torn => Payload::Torn(Tear::Before(self.body.slice(..self.body.len() / 2))),
            Shape::Huge => Payload::Huge(HUGE_BYTES),
            Shape::Closed => return Err(Trouble::NoAnswer),
            Shape::Silent => std::future::pending().await,
        };
        let mut response = Response::new(payload);
        *response.status_mut() = hyper::StatusCode::from_u16(self.status).map_err(|_| Trouble::NoAnswer)?;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if self.shape == Shape::Torn {
            headers.insert(CONTENT_LENGTH, self.body.len().into());
        }
        for (name, value) in self.headers {
            let value = HeaderValue::from_str(&value).map_err(|_| Trouble::NoAnswer)?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(response)
    }
}

/// The body of an answer on its way.
#[derive(Debug)]
pub(super) enum Payload {
    Whole(Option<Bytes>),
    /// Breaks off after some of it.
    Torn(Tear),
    /// So many blanks to go.
    Huge(usize),
}

/// How far a torn body has got.
#[derive(Debug)]
pub(super) enum Tear {
    /// This comes first.
    Before(Bytes),
    /// It is to leave before the end: what is still in a buffer when a body fails is thrown away.
    Leaving,
    /// Now.
    Now,
}

impl Tear {
    fn next(&mut self, context: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Trouble>>> {
        match std::mem::replace(self, Self::Now) {
            Self::Before(bytes) => {
                *self = Self::Leaving;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Leaving => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Now => Poll::Ready(Some(Err(Trouble::NoAnswer))),
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Trouble;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Trouble>>> {
        Poll::Ready(match &mut *self {
            Self::Whole(body) => body.take().filter(|body| !body.is_empty()).map(|body| Ok(Frame::data(body))),
            Self::Torn(tear) => return tear.next(context),
            Self::Huge(0) => None,
            Self::Huge(left) => {
                let count = BLANK_BYTES.min(*left);
                *left -= count;
                Some(Ok(Frame::data(Bytes::from(vec![b' '; count]))))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None) | Self::Huge(0))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            // known sizes would be compared with the header that promises more
            Self::Torn(_) | Self::Huge(_) => SizeHint::default(),
        }
    }
}
