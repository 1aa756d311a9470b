# frozen_string_literal: true

require "fiddle"
require_relative "stepsize/interface"
require_relative "stepsize/native"
require_relative "stepsize/schedule"
require_relative "stepsize/scheduler"

# Learning rates, one per optimizer update: schedules, controllers and schedulers of libstepsize.
#
#     scheduler = Stepsize::Scheduler.new("warmup(500) >> cosine(9500, floor=0.1)", 1e-3)
#     10_000.times do
#       train(scheduler.lr)
#       scheduler.step
#     end
#
# No rate is computed here. Objects are freed when they are collected.
module Stepsize
  # Why a call failed; nothing has changed then.
  class Error < StandardError
    # Such as :error_syntax, and the byte of a parsed text at which it is wrong, or nil.
    attr_reader :status, :offset

    def initialize(status, message, offset = nil)
      super(message)
      @status = Interface::STATUS.fetch(status, :unknown)
      @offset = offset
    end
  end

  # Of the library, such as "0.2.0".
  def self.version
    number = Native.call(:stepsize_version)
    [number / 1_000_000, number / 1000 % 1000, number % 1000].join(".")
  end
end
