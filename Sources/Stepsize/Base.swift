// What this module and StepsizeLearn both need; its public types (`ConfigurationError`, `Interval`, `Policy`,
// `Version`) are part of this module's interface. Exported here, it is visible in every file of the module.
@_exported import StepsizeBase
