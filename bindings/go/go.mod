module stepsize

go 1.19
