/* Student's t distribution: how improbable a value is. */
#ifndef LA_STUDENT_H
#define LA_STUDENT_H

/* The natural logarithm of P(|T| >= |t|) for `df` > 0 degrees of freedom, whole or not: p itself would be zero long
 * before it stops to tell voxels apart. NaN where an argument is. */
double la_student_log_p(double t, double df);

#endif
