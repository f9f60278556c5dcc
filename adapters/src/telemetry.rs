//! What the program tells about itself: log lines, and traces to a collector if one is named.
//!
//! A trace goes through everything as W3C `traceparent`: in with a request, with the command into
//! the journal, out with what is published and with calls to providers. Nothing here changes what
//! the program does; without a collector traces are passed on and not recorded.

mod export;

use opentelemetry::{
    Context, TraceId,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceState, TracerProvider},
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, io::IsTerminal};
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{
    EnvFilter, Layer, filter::filter_fn, layer::SubscriberExt, registry::LookupSpan,
    util::SubscriberInitExt,
};
use url::Url;

/// What log lines look like and which there are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// For people or for collectors.
    pub format: LogFormat,
    /// Which: a level, or levels by part of the program, such as `info,kontor_adapters=debug`.
    pub filter: String,
}

/// What log lines look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people on a terminal, else for collectors.
    #[default]
    Auto,
    /// For people.
    Text,
    /// For collectors: an object a line.
    Json,
}

/// Where traces go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OtlpSettings {
    /// An OpenTelemetry collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`;
    /// without it nothing is exported.
    pub endpoint: Option<Url>,
    /// Headers that the collector asks for; they may hold secrets.
    pub headers: BTreeMap<String, SecretString>,
    /// What this program is called there.
    pub service: String,
    /// How many of a hundred traces that begin here are recorded; others follow their beginning.
    pub sample_percent: u8,
    /// How long the collector may take.
    pub timeout_ms: u64,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Auto, filter: "info,lapin::returned_messages=off".into() }
    }
}

impl Default for OtlpSettings {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: BTreeMap::new(),
            service: "kontor".into(),
            sample_percent: 100,
            timeout_ms: 10_000,
        }
    }
}

impl LogSettings {
    /// What is wrong with the filter, if anything is.
    pub fn fault(&self) -> Option<String> {
        EnvFilter::try_new(&self.filter).err().map(|fault| fault.to_string())
    }
}

/// Why telemetry could not begin.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct TelemetryFault(String);

/// What is running; ended by [`Telemetry::stop`].
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Begins to log, and to export traces if a collector is named. Once a process, inside its runtime.
pub fn start(log: &LogSettings, otlp: &OtlpSettings) -> Result<Telemetry, TelemetryFault> {
    let fault = |fault: &dyn std::fmt::Display| TelemetryFault(fault.to_string());
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| fault(&error))?;
    let provider = export::provider(otlp)?;
    let traces = provider.as_ref().map(|provider| {
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("kontor"));
        // What the exporter itself does is no news. Traces have their steps whatever is logged;
        // without a collector nobody asks for them, and they cost nothing.
        let ours = |what: &Metadata<'_>| {
            what.target().starts_with("kontor") && *what.level() <= Level::DEBUG
        };
        layer.with_filter(filter_fn(ours).with_max_level_hint(Level::DEBUG))
    });
    let lines = lines(log.format).with_filter(filter);
    let registry = tracing_subscriber::registry().with(lines).with(traces);
    registry.try_init().map_err(|error| fault(&error))?;
    log_panics();
    Ok(Telemetry { provider })
}

/// Log lines go to standard error: standard output is for answers.
fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let terminal = std::io::stderr().is_terminal();
    let text = match format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if text {
        return lines.with_ansi(terminal).boxed();
    }
    lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
}

impl Telemetry {
    /// Sends what has not been sent.
    pub async fn stop(self) {
        let Some(provider) = self.provider else { return };
        // It waits for the exporter, which needs this thread.
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// A panic ends an actor or a request, and its cause has to be found afterwards.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::capture();
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        tracing::error!(place, thread, reason = text.unwrap_or("?"), %backtrace, "a panic");
        if !tracing::enabled!(Level::ERROR) {
            before(info);
        }
    }));
}

/// Makes a span part of the trace that a request, a message or an event belongs to.
pub fn join(span: &Span, traceparent: Option<&str>) {
    let Some(parent) = traceparent.and_then(parse) else { return };
    // Without a collector there is nothing that could be joined.
    let _ = span.set_parent(Context::new().with_remote_span_context(parent));
}

/// What is passed on: the present span's `traceparent`, or the one that came in if nothing is
/// recorded here.
pub fn traceparent(came_in: Option<&str>) -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let own = span.span_context();
    if own.is_valid() {
        let (trace, span, flags) = (own.trace_id(), own.span_id(), own.trace_flags().to_u8());
        return Some(format!("00-{trace}-{span}-{flags:02x}"));
    }
    came_in.filter(|came_in| is_traceparent(came_in)).map(ToOwned::to_owned)
}

/// Whether a text is a `traceparent` as version 00 of its specification has it.
pub fn is_traceparent(text: &str) -> bool {
    parse(text).is_some()
}

fn parse(text: &str) -> Option<SpanContext> {
    let lower = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f' | b'-');
    if text.len() != 55 || !text.bytes().all(lower) {
        return None;
    }
    let mut parts = text.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let (span, flags) = (parts.next()?, parts.next()?);
    let lens = [version, trace, span, flags].map(str::len);
    if version == "ff" || lens != [2, 32, 16, 2] || parts.next().is_some() {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    Some(SpanContext::new(trace, span, flags, true, TraceState::NONE)).filter(SpanContext::is_valid)
}

#[cfg(test)]
mod tests;
