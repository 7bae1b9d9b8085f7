use super::Simulation;
use super::play::Play;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "user-gesture",
    title: "",
    question: "",
    cast: &[],
    acts: |play| Box::pin(acts(play)),
};

async fn acts(_play: &mut Play<'_>) {}
