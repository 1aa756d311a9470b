/* The functions of libm that the core uses, under names of our own. */
#ifndef CMATHSHIMS_H
#define CMATHSHIMS_H

double stepsize_math_exp(double x);
double stepsize_math_expm1(double x);
double stepsize_math_log(double x);
double stepsize_math_log1p(double x);
double stepsize_math_pow(double x, double y);
double stepsize_math_tanh(double x);

#endif
