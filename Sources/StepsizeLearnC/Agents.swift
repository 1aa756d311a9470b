// Section 3: Agents that learn to move the learning rate

import CStepsizeLearn
import StepsizeLearn
import StepsizeBoundary

public typealias AgentIn = UnsafePointer<stepsize_agent>?
public typealias AgentInOut = UnsafeMutablePointer<stepsize_agent>?

extension UnsafePointer<stepsize_agent> {
  fileprivate var value: UnsafePointer<Agent> { UnsafeRawPointer(self).assumingMemoryBound(to: Agent.self) }
}

extension UnsafeMutablePointer<stepsize_agent> {
  fileprivate var value: UnsafeMutablePointer<Agent> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Agent.self)
  }
}

// MARK: - Training an agent

/// Fills the options with the defaults: the cross-entropy method, a linear policy, a decision every 10 updates.
/// - Parameter options: Receives the defaults.
/// - Parameter size: sizeof(stepsize_agent_options).
/// - Returns: A status.
@c public func stepsize_agent_defaults(
  _ options: UnsafeMutablePointer<stepsize_agent_options>?, _ size: UInt
) -> stepsize_status {
  let configuration = Agent.Configuration()
  var filled = stepsize_agent_options()
  filled.trainer = configuration.trainer.rawValue
  filled.units = configuration.units
  filled.seed = configuration.seed
  filled.every = configuration.every
  filled.population = configuration.population
  filled.instances = configuration.instances
  filled.limit = configuration.limit
  return giveDefaults(filled, to: options, size)
}

/// Makes an agent that learns to move the learning rate, on the caller's problems or on factorizations.
///
/// Each generation has population * instances episodes. For each: stepsize_agent_begin_episode; then after every update
/// stepsize_agent_observe, which returns the multiplier of the anchor's rate; stepsize_agent_reward
/// as often as a reward is known; stepsize_agent_end_episode. At the end of the generation: stepsize_agent_update.
/// Every `every` updates the multiplier exp(a) moves: a <- a + (limit*tanh(u) - a)/2, u from the policy. Everything is
/// determined by the seed and the observations.
///
/// Errors: STEPSIZE_ERROR_SIZE for a wrong `size`, STEPSIZE_ERROR_NAME for an unknown trainer,
/// STEPSIZE_ERROR_ARGUMENT for a value outside its range.
/// - Parameter options: From stepsize_agent_defaults; copied.
/// - Parameter out: Receives the agent, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_agent_create(
  _ options: UnsafePointer<stepsize_agent_options>?,
  _ out: UnsafeMutablePointer<UnsafeMutablePointer<stepsize_agent>?>?, _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let options else { return fail(STEPSIZE_ERROR_NULL, "options is NULL", error) }
  guard let given = read(options, over: stepsize_agent_options()) else {
    return fail(STEPSIZE_ERROR_SIZE, "agent: size is not that of stepsize_agent_options", error)
  }
  guard let trainer = Agent.Trainer(rawValue: given.trainer) else {
    return fail(STEPSIZE_ERROR_NAME, "agent: trainer is unknown, expected STEPSIZE_TRAINER_...", error)
  }
  var configuration = Agent.Configuration()
  configuration.trainer = trainer
  configuration.units = given.units
  configuration.seed = given.seed
  configuration.every = given.every
  configuration.limit = given.limit
  configuration.population = given.population
  configuration.instances = given.instances
  return boundary(error) { () throws(ConfigurationError) in
    out.pointee = makeHandle(try Agent(configuration), as: stepsize_agent.self)
  }
}

/// Begins an episode; one that has not ended is discarded.
/// - Parameter agent: The agent.
/// - Parameter total: Updates of the episode, >= 0; 0 if unknown.
/// - Parameter explore: 1: it counts for the generation; 0: the policy acts without exploration.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ORDER where the generation is complete and explore is 1.
@c public func stepsize_agent_begin_episode(
  _ agent: AgentInOut, _ total: Int64, _ explore: Int32, _ error: ErrorOut
) -> stepsize_status {
  guard let agent else { return fail(STEPSIZE_ERROR_NULL, "agent is NULL", error) }
  guard explore == 0 || explore == 1 else {
    return fail(STEPSIZE_ERROR_ARGUMENT, "agent: explore is invalid, expected 0 or 1", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    try agent.value.pointee.beginEpisode(total: total, explores: explore == 1)
  }
}

/// After an update: shows the agent its loss and returns the multiplier for the next one.
/// - Parameter agent: The agent.
/// - Parameter loss: The loss of the update; one that is <= 0 or not finite is ignored.
/// - Parameter multiplier: Receives the multiplier of the anchor's rate.
/// - Returns: A status; STEPSIZE_ERROR_ORDER outside an episode.
@_optimize(speed)
@c public func stepsize_agent_observe(
  _ agent: AgentInOut, _ loss: Double, _ multiplier: UnsafeMutablePointer<Double>?
) -> stepsize_status {
  guard let agent, let multiplier else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isUsable(multiplier, 1) else { return Int32(STEPSIZE_ERROR_SIZE) }
  return boundary(nil) { () throws(ConfigurationError) in
    multiplier.pointee = try agent.value.pointee.observe(loss: loss)
  }
}

/// Adds a reward to that of the last decision: log(e before) - log(e after), e the loss on a fixed set of data, is
/// a good one, since the sum of an episode is then log(e first) - log(e last).
/// - Parameter agent: The agent.
/// - Parameter reward: In [-1e6, 1e6], otherwise STEPSIZE_ERROR_ARGUMENT and nothing changes; NaN and infinity count as
///   -10, for a training that has diverged.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ORDER outside an episode.
@c public func stepsize_agent_reward(_ agent: AgentInOut, _ reward: Double, _ error: ErrorOut)
  -> stepsize_status
{
  guard let agent else { return fail(STEPSIZE_ERROR_NULL, "agent is NULL", error) }
  return boundary(error) { () throws(ConfigurationError) in try agent.value.pointee.reward(reward) }
}

/// Ends an episode.
/// - Parameter agent: The agent.
/// - Parameter score: Receives the sum of its rewards; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ORDER outside an episode.
@c public func stepsize_agent_end_episode(
  _ agent: AgentInOut, _ score: UnsafeMutablePointer<Double>?
) -> stepsize_status {
  guard let agent else { return Int32(STEPSIZE_ERROR_NULL) }
  guard isUsable(score, score == nil ? 0 : 1) else { return Int32(STEPSIZE_ERROR_SIZE) }
  return boundary(nil) { () throws(ConfigurationError) in
    let sum = try agent.value.pointee.endEpisode()
    score?.pointee = sum
  }
}

/// Learns from the episodes of a generation and begins the next one.
/// - Parameter agent: The agent.
/// - Parameter mean: Receives the mean score of the episodes; may be NULL.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_ORDER where episodes are missing.
@c public func stepsize_agent_update(
  _ agent: AgentInOut, _ mean: UnsafeMutablePointer<Double>?, _ error: ErrorOut
) -> stepsize_status {
  scored(agent, mean, error) { (agent) throws(ConfigurationError) in try agent.update() }
}

/// The number of the problem instance for the next episode, or for the one in progress: the same for all candidates of
/// a generation of the cross-entropy method.
/// - Parameter agent: The agent.
/// - Returns: The number, >= 0; -1 if agent is NULL.
@c public func stepsize_agent_instance(_ agent: AgentIn) -> Int64 { agent?.value.pointee.instance ?? -1 }

/// Episodes that the generation still needs.
/// - Parameter agent: The agent.
/// - Returns: The number; -1 if agent is NULL.
@c public func stepsize_agent_episodes_left(_ agent: AgentIn) -> Int64 {
  guard let agent else { return -1 }
  return agent.value.pointee.episodesLeft
}

/// The number of completed generations.
/// - Parameter agent: The agent.
/// - Returns: The number; -1 if agent is NULL.
@c public func stepsize_agent_generation(_ agent: AgentIn) -> Int64 { agent?.value.pointee.generation ?? -1 }

// MARK: - Factorizations

/// Plays a generation of random factorizations and learns from it. Rates are fractions of the bound of
/// the state and cut to it; the reward is the fall of log(loss) on fixed rows.
/// - Parameter agent: The agent.
/// - Parameter mean: Receives the mean score of the episodes; may be NULL.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_agent_train_nmf(
  _ agent: AgentInOut, _ mean: UnsafeMutablePointer<Double>?, _ error: ErrorOut
) -> stepsize_status {
  scored(agent, mean, error) { (agent) throws(ConfigurationError) in try agent.trainOnNMF() }
}

/// Plays a random factorization with the policy without exploration, as the controller of stepsize_controller_learned.
/// - Parameter agent: The agent; its episode in progress is not affected.
/// - Parameter instance: The number of the instance; training uses numbers >= 0, so negative ones are held out.
/// - Parameter score: Receives log(loss before/loss after) on fixed rows.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_agent_score_nmf(
  _ agent: AgentIn, _ instance: Int64, _ score: UnsafeMutablePointer<Double>?, _ error: ErrorOut
) -> stepsize_status {
  guard let agent, let score else { return fail(STEPSIZE_ERROR_NULL, "agent or score is NULL", error) }
  guard isUsable(score, 1) else { return fail(STEPSIZE_ERROR_SIZE, "score is not aligned", error) }
  // Between two guards, so that it is destroyed where the second one fails: it has a handle of libstepsize.
  var audition: Agent.Audition?
  let status = boundary(error) { () throws(ConfigurationError) in
    let begun = Agent.Audition(agent.value.pointee, instance: instance)
    try begun.begin()
    audition = begun
  }
  guard status == STEPSIZE_OK else { return status }
  return boundary(error) { () throws(ConfigurationError) in
    if let found = try audition?.score() { score.pointee = found }
  }
}

// MARK: - Policies

/// The policy learned so far, as bytes with magic, format number, length and checksum. Call it with capacity 0 to get
/// the size, then with a buffer.
/// - Parameter agent: The agent.
/// - Parameter buffer: Receives the bytes; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the number of bytes; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE, and nothing is written, if a buffer was given and they did not fit.
@c public func stepsize_agent_save(
  _ agent: AgentIn, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let agent, buffer != nil || capacity == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded { written(agent.value.pointee.policy.bytes, buffer, capacity, size) }
}

/// Restarts the training from a policy of stepsize_agent_save, whose `every`, `limit` and hidden units replace those of
/// the options.
/// - Parameter agent: The agent.
/// - Parameter policy: The bytes; copied.
/// - Parameter size: The number of bytes; STEPSIZE_ERROR_STATE for damaged ones, and nothing changes.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_agent_load(
  _ agent: AgentInOut, _ policy: BytesIn, _ size: UInt, _ error: ErrorOut
) -> stepsize_status {
  guard let agent else { return fail(STEPSIZE_ERROR_NULL, "agent is NULL", error) }
  guard let policy else { return fail(STEPSIZE_ERROR_NULL, "policy is NULL", error) }
  return boundary(error) { () throws(ConfigurationError) in
    let parsed = try readPolicy(policy, size)
    agent.value.pointee = try Agent(agent.value.pointee.configuration, policy: parsed)
  }
}

// MARK: - Checkpoints of a training

/// The whole training as bytes with magic, format number, length and checksum, to be continued later: policy, trainer,
/// and the completed episodes of this generation, without one in progress. Call it with capacity 0 to get the size,
/// then with a buffer.
/// - Parameter agent: The agent.
/// - Parameter buffer: Receives the bytes; may be NULL where capacity is 0.
/// - Parameter capacity: Bytes of the buffer.
/// - Parameter size: Receives the number of bytes; may be NULL.
/// - Returns: A status; STEPSIZE_ERROR_SIZE, and nothing is written, if a buffer was given and they did not fit.
@c public func stepsize_agent_save_training(
  _ agent: AgentIn, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: UInt,
  _ size: UnsafeMutablePointer<UInt>?
) -> stepsize_status {
  guard let agent, buffer != nil || capacity == 0 else { return Int32(STEPSIZE_ERROR_NULL) }
  return guarded { written(agent.value.pointee.state(), buffer, capacity, size) }
}

/// Makes an agent that continues a training saved by stepsize_agent_save_training, with the same bits.
/// - Parameter training: The bytes; copied.
/// - Parameter size: The number of bytes; STEPSIZE_ERROR_STATE for damaged ones.
/// - Parameter out: Receives the agent, to be destroyed by the caller; NULL on failure.
/// - Parameter error: Receives the reason of a failure; may be NULL.
/// - Returns: A status.
@c public func stepsize_agent_restore_training(
  _ training: BytesIn, _ size: UInt, _ out: UnsafeMutablePointer<UnsafeMutablePointer<stepsize_agent>?>?,
  _ error: ErrorOut
) -> stepsize_status {
  out?.pointee = nil
  guard let out else { return fail(STEPSIZE_ERROR_NULL, "out is NULL", error) }
  guard let training else { return fail(STEPSIZE_ERROR_NULL, "training is NULL", error) }
  guard size <= UInt(Agent.maximumStateLength) else {
    return fail(STEPSIZE_ERROR_STATE, "the state is not that of an agent: it is too long", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    out.pointee = makeHandle(try Agent(state: StateBytes(training, count: size)), as: stepsize_agent.self)
  }
}

/// Frees an agent. NULL is allowed.
/// - Parameter agent: Not to be used afterwards.
@c public func stepsize_agent_destroy(_ agent: AgentInOut) {
  destroyHandle(agent, of: Agent.self)
}

/// Learns, and returns the mean score: a copy does, which takes the agent's place when nothing can fail any more.
private func scored(
  _ agent: AgentInOut, _ mean: UnsafeMutablePointer<Double>?, _ error: ErrorOut,
  _ learn: (inout Agent) throws(ConfigurationError) -> Double
) -> stepsize_status {
  guard let agent else { return fail(STEPSIZE_ERROR_NULL, "agent is NULL", error) }
  guard isUsable(mean, mean == nil ? 0 : 1) else {
    return fail(STEPSIZE_ERROR_SIZE, "mean is not aligned", error)
  }
  return boundary(error) { () throws(ConfigurationError) in
    var learned = agent.value.pointee
    let score = try learn(&learned)
    // Not an assignment: the agent has to be as it was until here, not to become the copy.
    swap(&agent.value.pointee, &learned)
    mean?.pointee = score
  }
}
