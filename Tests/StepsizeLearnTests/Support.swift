@_exported import StepsizeBase
@_exported import TestSupport
