import CStepsizeLearn
import StepsizeBase

/// What plays an episode: it gets the loss of each update, and sometimes a reward.
protocol EpisodePlayer: ~Copyable {
  /// Updates between two rewards; nil: only one at the end.
  var updatesPerReward: Int64? { get }
  /// The multiplier of the next update's rate.
  mutating func observe(loss: Double) throws(ConfigurationError) -> Double
  mutating func reward(_ reward: Double) throws(ConfigurationError)
}

/// A policy in use: a scheduler with the controller `learned("custom")` of libstepsize, called through its public
/// header, so that the score is that of the controller a training will use.
struct Player: EpisodePlayer, ~Copyable {
  private let scheduler: UnsafeMutablePointer<stepsize_scheduler>
  private(set) var score = 0.0

  var updatesPerReward: Int64? { nil }

  /// - Parameter total: Updates of the episode; 0: unknown.
  init(_ policy: Policy, total: Int64) throws(ConfigurationError) {
    var error = stepsize_error()
    let bytes = policy.bytes
    var controller: UnsafeMutablePointer<stepsize_controller>?
    let made = stepsize_controller_learned(bytes, bytes.count, total, 0, &controller, &error)
    guard made == STEPSIZE_OK else { throw Self.failure(error) }
    var options = stepsize_scheduler_options()
    _ = stepsize_scheduler_defaults(&options, MemoryLayout<stepsize_scheduler_options>.size)
    options.group_count = 1
    options.controller = UnsafePointer(controller)
    var scheduler: UnsafeMutablePointer<stepsize_scheduler>?
    var base = 1.0
    let status = withUnsafePointer(to: &base) {
      options.base_lr = $0
      return stepsize_scheduler_create(&options, &scheduler, &error)
    }
    // Before anything asks for memory: of a handle of another library nobody knows where it runs out.
    stepsize_controller_destroy(controller)
    guard status == STEPSIZE_OK, let scheduler else { throw Self.failure(error) }
    self.scheduler = scheduler
  }

  deinit { stepsize_scheduler_destroy(scheduler) }

  mutating func observe(loss: Double) throws(ConfigurationError) -> Double {
    var rate = 1.0
    guard stepsize_scheduler_step_with_loss(scheduler, loss, &rate, 1) == STEPSIZE_OK else {
      throw ConfigurationError(.order, "agent: the controller of the policy rejected a loss")
    }
    return rate
  }

  mutating func reward(_ reward: Double) throws(ConfigurationError) {
    score = Agent.sum(score, try Agent.counted(reward))
  }

  private static func failure(_ error: stepsize_error) -> ConfigurationError {
    var text: [UInt8] = []
    withUnsafeBytes(of: error.text) {
      for byte in $0 where byte != 0 { text.append(byte) }
    }
    return ConfigurationError(error.status == STEPSIZE_ERROR_MEMORY ? .memory : .state, "agent: ", text)
  }
}

extension Agent: EpisodePlayer {
  var updatesPerReward: Int64? { configuration.trainer == .proximal ? policy.every : nil }
}
