# frozen_string_literal: true

module Stepsize
  # Calls into the library: Stepsize::Native.call(:stepsize_cosine, 5, 10, 1e-3, 0.1) for functions that no class has.
  module Native
    LIBRARY = Fiddle.dlopen(ENV["STEPSIZE_LIBRARY"] || "libstepsize.so.#{Interface::ABI_VERSION}")
    FUNCTIONS = Interface::FUNCTIONS.to_h do |name, (result, parameters)|
      [name, Fiddle::Function.new(LIBRARY[name.to_s], parameters, result, name: name.to_s)]
    end.freeze
    POINTER = Fiddle::SIZEOF_VOIDP
    STATUS_OK = 0
    private_constant :POINTER, :STATUS_OK

    module_function

    def call(name, *arguments) = FUNCTIONS.fetch(name).call(*arguments)

    # Raises the failure of a call that says no more than its status.
    def check(name, *arguments)
      status = call(name, *arguments)
      raise Error.new(status, call(:stepsize_status_name, status).to_s) unless status == STATUS_OK
    end

    # Raises that of a call whose last argument receives the reason.
    def checked(name, *arguments)
      reason = struct(:stepsize_error)
      status = call(name, *arguments, reason)
      return if status == STATUS_OK

      offset = field(reason, :stepsize_error, :offset)
      message = field(reason, :stepsize_error, :text).force_encoding(Encoding::UTF_8)
      raise Error.new(status, message, offset.negative? ? nil : offset)
    end

    # A new object, which `destroy` frees when the pointer is collected.
    def made(destroy, name, *arguments)
      out = "\0".b * POINTER
      checked(name, *arguments, out)
      Fiddle::Pointer.new(out.unpack1("J"), 0, FUNCTIONS.fetch(destroy))
    end

    # What a function writes into a buffer: called for the number of bytes, then for the bytes and their end.
    def written(name, object, ending)
      size = "\0".b * Fiddle::SIZEOF_SIZE_T
      check(name, object, nil, 0, size)
      buffer = "\0".b * (size.unpack1("J") + ending)
      check(name, object, buffer, buffer.bytesize, size)
      buffer.byteslice(0, size.unpack1("J"))
    end

    def text(name, object) = written(name, object, 1).force_encoding(Encoding::UTF_8)

    # Numbers as C has them in a row, and how many they are.
    def reals(values)
      values = Array(values)
      [values.empty? ? nil : values.pack("d*"), values.size]
    end

    # The bytes of a struct with these fields; the others are 0.
    def struct(name, fields = {})
      bytes = "\0".b * Interface::STRUCTS.fetch(name).first
      fields.each { |field, value| set(bytes, name, field, value) }
      bytes
    end

    def set(bytes, name, field, value)
      offset, packed = Interface::STRUCTS.fetch(name).last.fetch(field)
      data = [value].pack(packed)
      bytes[offset, data.bytesize] = data
    end

    def field(bytes, name, field)
      offset, packed = Interface::STRUCTS.fetch(name).last.fetch(field)
      bytes.byteslice(offset..).unpack1(packed)
    end

    abi = call(:stepsize_abi_version)
    raise LoadError, "stepsize: the library has ABI #{abi}, not #{Interface::ABI_VERSION}" if abi != Interface::ABI_VERSION
  end
end
