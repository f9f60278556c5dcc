//! `kontor serve`.

use crate::node::{Node, NodeSettings, Role, told_to_stop};
use kontor_adapters::telemetry;
use kontor_config::Settings;
use std::process::ExitCode;
use tokio::net::TcpListener;

/// Runs a node until it is told to stop.
pub async fn run(settings: Settings) -> Result<ExitCode, String> {
    let telemetry = telemetry::start(&settings.log, &settings.otlp);
    let telemetry = telemetry.map_err(|fault| fault.to_string())?;
    let served = serve(settings).await;
    telemetry.stop().await;
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(settings: Settings) -> Result<(), String> {
    let wanted = settings.listen();
    let listener = TcpListener::bind(wanted)
        .await
        .map_err(|fault| format!("cannot listen on {wanted}: {fault}"))?;
    let address = listener.local_addr().map_err(|fault| fault.to_string())?;
    let node = Node::start(NodeSettings::of(settings), Role::Serve).await?;
    // Standard output is for whoever started it: one line, when it can serve.
    println!("listening on http://{address}");
    if let Some(link) = node.setup_link(address).await {
        eprintln!("nobody knows this node yet: set it up at {link}");
    }
    tracing::info!(%address, "serving");
    node.serve(listener, told_to_stop()).await
}
