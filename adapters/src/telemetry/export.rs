//! Traces to a collector: OTLP over HTTP with the HTTP client that is here anyway.

use super::{OtlpSettings, TelemetryFault};
use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use secrecy::ExposeSecret;
use std::time::Duration;
use tokio::runtime::Handle;
use url::Url;

/// An answer of a collector is not longer.
const ANSWER_MAX: usize = 1 << 20;

/// What exports, if a collector is named.
pub(super) fn provider(
    settings: &OtlpSettings,
) -> Result<Option<SdkTracerProvider>, TelemetryFault> {
    let Some(endpoint) = &settings.endpoint else { return Ok(None) };
    let fault = |error: &dyn std::fmt::Display| TelemetryFault(error.to_string());
    let timeout = Duration::from_millis(settings.timeout_ms);
    let headers = settings.headers.iter();
    let headers = headers.map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(timeout).map_err(|error| fault(&error))?)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(traces(endpoint))
        .with_headers(headers.collect())
        .with_timeout(timeout)
        .build()
        .map_err(|error| fault(&error))?;
    let resource = Resource::builder().with_service_name(settings.service.clone()).build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(share(settings.sample_percent))))
        .with_resource(resource);
    Ok(Some(provider.build()))
}

fn share(percent: u8) -> Sampler {
    match percent {
        0 => Sampler::AlwaysOff,
        100.. => Sampler::AlwaysOn,
        // A share of traces is neither money nor stock.
        #[allow(clippy::float_arithmetic)]
        some => Sampler::TraceIdRatioBased(f64::from(some) / 100.0),
    }
}

/// The address for traces; one that has a path is taken as it is.
fn traces(endpoint: &Url) -> String {
    if endpoint.path() == "/" {
        return format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    }
    endpoint.to_string()
}

/// The exporter has a thread of its own; the call is made in the program's runtime.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
}

impl Client {
    fn new(timeout: Duration) -> Result<Self, HttpError> {
        // The first one in the process counts; all are the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, runtime: Handle::try_current()? })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let calling = self.runtime.spawn(async move {
            let mut answer = http.execute(request.try_into()?).await?;
            let mut built = http::Response::builder().status(answer.status());
            if let Some(headers) = built.headers_mut() {
                std::mem::swap(headers, answer.headers_mut());
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                if ANSWER_MAX < body.len() + chunk.len() {
                    return Err(HttpError::from("the collector's answer is too long"));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(built.body(Bytes::from(body))?)
        });
        calling.await?
    }
}
